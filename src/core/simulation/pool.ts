import type { Load } from "../scaling/load.ts";
import { TimeHeap } from "./time-heap.ts";
import { isGivenUp, retryDelaySeconds, type Work } from "./work.ts";

/** What does not change about a pool. */
export interface PoolRules {
  readonly consumer: string;
  /** Ready from the beginning. */
  readonly workers: number;
  /** From the start of a worker until it takes its first message. */
  readonly startSeconds: number;
  readonly warmUpSeconds: number;
}

/**
 * One consumer in virtual time: messages wait in one line, in the order of their delivery, for workers that take one at a time.
 * A worker that is to go and is at work finishes its message first: the one that is done first goes, workers being alike.
 */
export class Pool {
  readonly #rules: PoolRules;
  readonly #work: Work;
  #now = 0;
  #arrived = 0;
  /** When the delivery that waits, or has waited, began to wait. */
  readonly #since: Float64Array;
  readonly #failed: Uint8Array;
  readonly #line: Int32Array;
  #lineStart = 0;
  #lineEnd = 0;
  readonly #running = new TimeHeap();
  readonly #retries = new TimeHeap();
  /** When they will be ready, ascending. */
  readonly #starting: number[] = [];
  #warmUntil: number[] = [];
  #idle: number;
  #draining = 0;
  #ups = 0;
  #downs = 0;
  #peak: number;
  /** Integrals over time, in worker-seconds. */
  #busyArea = 0;
  #liveArea = 0;
  #liveAreaAtLastDone = 0;
  #ended = 0;
  #endedSeconds = 0;
  #measured = { at: 0, busyArea: 0, ended: 0, endedSeconds: 0 };
  #sampled = { at: 0, liveArea: 0, arrived: 0 };
  #longest = 0;
  readonly #waits: Float64Array;
  #waited = 0;

  constructor(rules: PoolRules, work: Work) {
    this.#rules = rules;
    this.#work = work;
    this.#idle = rules.workers;
    this.#peak = rules.workers;
    this.#since = new Float64Array(work.arrivesAt.length);
    this.#failed = new Uint8Array(work.arrivesAt.length);
    this.#line = new Int32Array(work.deliveries);
    this.#waits = new Float64Array(work.deliveries);
  }

  /** Workers that are not on their way out. */
  get current(): number {
    return this.#live() - this.#draining;
  }

  /** Nothing waits, nothing is at work, nothing will come. */
  get isDone(): boolean {
    const left = this.#work.arrivesAt.length - this.#arrived;
    return left === 0 && this.#waiting() === 0 && this.#running.size === 0 && this.#retries.size === 0;
  }

  /** Lets everything happen up to and including this time. */
  runUntil(seconds: number): void {
    for (;;) {
      const done = this.#running.next;
      const ready = this.#starting[0] ?? Infinity;
      const retried = this.#retries.next;
      const arrival = this.#work.arrivesAt[this.#arrived] ?? Infinity;
      const next = Math.min(done, ready, retried, arrival);
      if (next > seconds) break;
      this.#pass(next);
      if (next === done) this.#end(this.#running.take());
      else if (next === ready) this.#ready();
      else if (next === retried) this.#deliver(this.#retries.take());
      else this.#deliver(this.#arrived++);
    }
    this.#pass(seconds);
  }

  /** Starts workers, or sends some away: idle ones first, then those that are still starting, then busy ones. */
  scaleTo(target: number): void {
    const change = target - this.current;
    if (change > 0) this.#ups++;
    if (change < 0) this.#downs++;
    for (let each = 0; each < change; each++) {
      if (this.#rules.warmUpSeconds > 0) this.#warmUntil.push(this.#now + this.#rules.warmUpSeconds);
      this.#starting.push(this.#now + this.#rules.startSeconds);
    }
    for (let each = 0; each < -change; each++) {
      if (this.#idle > 0) this.#idle--;
      else if (this.#starting.length > 0) this.#starting.pop();
      else this.#draining++;
    }
    this.#peak = Math.max(this.#peak, this.#live());
  }

  /** What the autoscaler sees: the means are those since it looked last. */
  measure(): Load {
    const before = this.#measured;
    this.#measured = { at: this.#now, busyArea: this.#busyArea, ended: this.#ended, endedSeconds: this.#endedSeconds };
    const seconds = this.#now - before.at;
    const ended = this.#ended - before.ended;
    this.#warmUntil = this.#warmUntil.filter((until) => until > this.#now);
    return {
      consumer: this.#rules.consumer,
      current: this.current,
      live: this.#live(),
      busy: seconds > 0 ? (this.#busyArea - before.busyArea) / seconds : 0,
      throughput: seconds > 0 ? ended / seconds : 0,
      serviceSeconds: ended > 0 ? (this.#endedSeconds - before.endedSeconds) / ended : null,
      queueDepth: this.#waiting(),
      queueFailure: null,
      commandAnswer: null,
      commandFailure: "a simulation runs no commands",
      warmingUp: this.#warmUntil.length,
      slotsPerWorker: 1,
    };
  }

  /** Messages a second, longest line and mean workers since the last sample. */
  sample(): { readonly arrivals: number; readonly queue: number; readonly workers: number } {
    const before = this.#sampled;
    this.#sampled = { at: this.#now, liveArea: this.#liveArea, arrived: this.#arrived };
    const seconds = Math.max(this.#now - before.at, Number.EPSILON);
    const queue = this.#longest;
    this.#longest = this.#waiting();
    const workers = (this.#liveArea - before.liveArea) / seconds;
    return { arrivals: (this.#arrived - before.arrived) / seconds, queue, workers };
  }

  /** Worker-seconds so far, those after the last message has been done not counted. */
  get workerSeconds(): { readonly now: number; readonly untilLastDone: number } {
    return { now: this.#liveArea, untilLastDone: this.#liveAreaAtLastDone };
  }

  /** Scale events, most processes, and the waits of all deliveries that have begun, in seconds. */
  get totals(): { readonly ups: number; readonly downs: number; readonly peak: number; readonly waits: Float64Array } {
    return { ups: this.#ups, downs: this.#downs, peak: this.#peak, waits: this.#waits.subarray(0, this.#waited) };
  }

  /** Messages that wait, are at work, or will be tried again. */
  get unfinished(): number {
    return this.#waiting() + this.#running.size + this.#retries.size;
  }

  #live(): number {
    return this.#starting.length + this.#idle + this.#running.size;
  }

  #waiting(): number {
    return this.#lineEnd - this.#lineStart;
  }

  #pass(to: number): void {
    const seconds = to - this.#now;
    this.#busyArea += seconds * (this.#running.size - this.#draining);
    this.#liveArea += seconds * this.#live();
    this.#now = to;
  }

  #deliver(id: number): void {
    this.#since[id] = this.#now;
    if (this.#idle > 0) this.#begin(id);
    else this.#line[this.#lineEnd++] = id;
    this.#longest = Math.max(this.#longest, this.#waiting());
  }

  #ready(): void {
    this.#starting.shift();
    this.#idle++;
    this.#beginNext();
  }

  #begin(id: number): void {
    this.#idle--;
    this.#waits[this.#waited++] = this.#now - (this.#since[id] ?? 0);
    this.#running.put(this.#now + this.#serviceSeconds(id), id);
  }

  #end(id: number): void {
    this.#ended++;
    this.#endedSeconds += this.#serviceSeconds(id);
    this.#liveAreaAtLastDone = this.#liveArea;
    const failed = (this.#failed[id] ?? 0) + 1;
    if (failed <= (this.#work.failures[id] ?? 0) && !isGivenUp(failed)) {
      this.#failed[id] = failed;
      this.#retries.put(this.#now + retryDelaySeconds(failed), id);
    }
    if (this.#draining > 0) {
      this.#draining--;
      return;
    }
    this.#idle++;
    this.#beginNext();
  }

  #beginNext(): void {
    if (this.#waiting() > 0) this.#begin(this.#line[this.#lineStart++] ?? 0);
  }

  #serviceSeconds(id: number): number {
    return this.#work.serviceSeconds[id] ?? 0;
  }
}

import type { StopCause } from "../core/farm/events.ts";
import type { ConsumerSnapshot } from "../core/farm/snapshot.ts";
import type { ConsumerSpec } from "../core/farm/spec.ts";
import { hasSource } from "../core/scaling/sources.ts";
import { initialSize } from "../core/scaling/initial-size.ts";
import type { Decision, Load } from "../core/scaling/load.ts";
import { LoadMeter } from "../core/scaling/load-meter.ts";
import { hasProcess } from "../core/supervision/lifecycle.ts";
import { chooseVictims } from "../core/scaling/victims.ts";
import type { Host } from "./host.ts";
import { Worker, type WorkerOwner } from "./worker.ts";

/** Workers that speak are asked for a sign of life this often, or twice within their ping timeout if that is shorter. */
const pingIntervalMs = 10_000;

/** What a consumer tells the supervisor. */
export interface ConsumerOwner {
  /** It has no worker left. */
  emptied(): void;
  /** Its answer to an open failure limit is to end the farm. */
  failureLimitReached(): void;
  /** The farm is not to go on without it. */
  essentialGaveUp(): void;
  /** No worker of it will start again by itself; `failed` when that is because of failures. */
  settled(consumer: Consumer, failed: boolean): void;
}

/** A pool of identical workers. */
export class Consumer implements WorkerOwner {
  readonly spec: ConsumerSpec;
  readonly #host: Host;
  readonly #owner: ConsumerOwner;
  readonly #workers: Worker[] = [];
  readonly #nextId: () => number;
  readonly #meter: LoadMeter;
  #measuredAtMs: number;
  #target: number;
  /** What the autoscaler says of it; the autoscaler writes it. */
  decision: Decision | null = null;
  sourceFailure: string | null = null;
  #parked: string | null = null;
  #degraded = false;

  /** `nextId` hands out worker ids, unique over the whole farm. */
  constructor(spec: ConsumerSpec, host: Host, nextId: () => number, owner: ConsumerOwner) {
    this.spec = spec;
    this.#host = host;
    this.#owner = owner;
    this.#nextId = nextId;
    this.#measuredAtMs = host.clock.nowMs();
    this.#meter = new LoadMeter(this.#measuredAtMs);
    this.#target = initialSize(spec.size);
    for (let slot = 0; slot < this.#target; slot++) this.#add(slot);
    this.#pingLater();
  }

  get workers(): readonly Worker[] {
    return this.#workers;
  }

  /** What it did since the last time this was asked; the autoscaler alone asks. */
  load(): Omit<Load, "queueDepth" | "queueFailure" | "commandAnswer" | "commandFailure"> {
    const nowMs = this.#host.clock.nowMs();
    const { busy, messages, serviceSeconds } = this.#meter.take(nowMs);
    const seconds = (nowMs - this.#measuredAtMs) / 1000;
    this.#measuredAtMs = nowMs;
    const active = this.#active();
    const { size } = this.spec;
    const warmUpMs = size.kind === "autoscaled" ? size.scaling.damping.warmUpMs : 0;
    return {
      consumer: this.spec.name,
      ...this.count(),
      busy,
      throughput: seconds > 0 ? messages / seconds : 0,
      serviceSeconds,
      warmingUp: active.filter(({ runningSinceMs }) => runningSinceMs !== null && nowMs - runningSinceMs < warmUpMs)
        .length,
      slotsPerWorker: Math.max(1, ...active.map(({ slots }) => slots)),
    };
  }

  /** How many there are now. */
  count(): Pick<Load, "live" | "current"> {
    return {
      live: this.#workers.filter(({ state }) => hasProcess(state) || state === "backoff").length,
      current: this.#active().length,
    };
  }

  /** Grows or shrinks to so many workers. Growing calls scale-downs off first; shrinking takes idle workers first and lets busy ones finish. */
  resize(target: number): void {
    this.#target = target;
    if (this.#parked !== null) return;
    const active = this.#active();
    if (target > active.length) this.#grow(target - active.length);
    if (target < active.length) {
      const candidates = active.map((worker) => ({ worker, slot: worker.ref.slot, busy: worker.busy > 0 }));
      for (const { worker } of chooseVictims(candidates, active.length - target)) worker.retire();
    }
  }

  #grow(missing: number): void {
    let left = missing;
    for (const worker of this.#workers) if (left > 0 && worker.keep()) left -= 1;
    const taken = new Set(this.#workers.map(({ ref }) => ref.slot));
    for (let slot = 0; left > 0; slot++) {
      if (taken.has(slot)) continue;
      this.#add(slot).start();
      left -= 1;
    }
  }

  #add(slot: number): Worker {
    const ref = { worker: this.#nextId(), slot, consumer: this.spec.name };
    const worker = new Worker(ref, this.spec, this.#host, this.#meter, this);
    this.#workers.push(worker);
    return worker;
  }

  /** Those that count as its size. */
  #active(): Worker[] {
    return this.#workers.filter(({ state }) => state !== "draining" && state !== "gone");
  }

  /** All workers at once; each ends in its own time. */
  stop(cause: StopCause): void {
    for (const worker of this.#workers.slice()) {
      // those that are gone leave the list meanwhile
      if (worker.state !== "gone") worker.stop(cause);
    }
  }

  kill(): void {
    for (const worker of this.#workers) worker.kill();
  }

  snapshot(nowMs: number): ConsumerSnapshot {
    const { size } = this.spec;
    return {
      name: this.spec.name,
      transports: this.spec.transports,
      min: size.kind === "static" ? size.processes : size.min,
      max: size.kind === "static" ? size.processes : size.max,
      target: this.#target,
      decision: this.decision,
      sourceFailure: this.sourceFailure,
      hasSource: size.kind === "autoscaled" && hasSource(size.scaling.strategy),
      degraded: this.#degraded,
      parked: this.#parked,
      workers: this.#workers.map((worker) => worker.snapshot(nowMs)),
    };
  }

  limitChanged(worker: Worker): void {
    const degraded = this.#workers.some(({ limitOpen }) => limitOpen);
    if (degraded === this.#degraded) return;
    this.#degraded = degraded;
    this.#host.emit(
      degraded
        ? { type: "consumer_degraded", consumer: this.spec.name, worker: worker.ref.worker }
        : { type: "consumer_recovered", consumer: this.spec.name },
    );
  }

  gaveUp(worker: Worker, answer: "park" | "exit"): void {
    if (this.#parked !== null) return;
    if (answer === "exit") {
      this.#owner.failureLimitReached();
      return;
    }
    this.#parked = `worker ${worker.ref.worker} reached the failure limit`;
    this.#host.emit({ type: "consumer_parked", consumer: this.spec.name, reason: this.#parked });
    if (this.spec.restart.essential) {
      this.#owner.essentialGaveUp(); // the others stop with the farm
      return;
    }
    for (const other of this.#workers) {
      if (other !== worker && other.state !== "gone") other.stop("parked");
    }
  }

  settled(worker: Worker): void {
    if (worker.state === "gone") this.#workers.splice(this.#workers.indexOf(worker), 1);
    if (this.#workers.length === 0) {
      this.#owner.emptied(); // at the end of the farm; an autoscaled consumer may be empty at other times, and come back
      return;
    }
    const over = this.#workers.every(({ state }) => state === "parked" || state === "finished");
    if (!over) return;
    const failed = this.#workers.some((other) => other.state === "parked" || other.failed);
    if (failed && this.#parked === null && this.#workers.some(({ state }) => state === "parked")) {
      this.#parked = "its exit code forbids a restart";
      this.#host.emit({ type: "consumer_parked", consumer: this.spec.name, reason: this.#parked });
    }
    this.#owner.settled(this, failed);
  }

  #pingLater(): void {
    const { pingTimeoutMs } = this.spec.liveness;
    const delayMs = Math.min(pingIntervalMs, (pingTimeoutMs ?? Number.POSITIVE_INFINITY) / 2);
    this.#host.clock.after(delayMs, () => {
      for (const worker of this.#workers) worker.ping();
      this.#pingLater();
    });
  }
}

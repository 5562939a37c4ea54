import type { AskedCause, StopCause } from "../core/farm/events.ts";
import type { ConsumerSnapshot } from "../core/farm/snapshot.ts";
import type { ConsumerSpec, SizeSpec } from "../core/farm/spec.ts";
import { initialSize } from "../core/scaling/initial-size.ts";
import type { Decision, Load, MeasuredLoad } from "../core/scaling/load.ts";
import { hasSource } from "../core/scaling/sources.ts";
import { ConsumerHealth } from "./consumer-health.ts";
import { ConsumerLoad } from "./consumer-load.ts";
import type { ConsumerOwner } from "./consumer-owner.ts";
import type { Cancel, Host } from "./host.ts";
import { TaskDoor } from "./tasks/task-door.ts";
import type { TaskPool } from "./tasks/task-pool.ts";
import { Worker, type WorkerOwner } from "./worker.ts";
import { WorkerPool } from "./worker-pool.ts";

/** Workers that speak are asked for a sign of life this often, or twice within their ping timeout if that is shorter. */
const pingIntervalMs = 10_000;

/** A pool of identical workers. */
export class Consumer implements WorkerOwner {
  readonly #host: Host;
  readonly #owner: ConsumerOwner;
  readonly #pool: WorkerPool;
  readonly #load: ConsumerLoad;
  readonly #health: ConsumerHealth;
  readonly #tasks: TaskDoor;
  #spec: ConsumerSpec;
  #target: number;
  /** What the autoscaler says of it; the autoscaler writes it. */
  decision: Decision | null = null;
  sourceFailure: string | null = null;
  /** What is wrong with its newest definition. */
  problem: string | null = null;
  /** Set by a person, until it is given back. */
  #sizeByHand: number | null = null;
  #held: "stopped" | "paused" | null = null;
  #removed = false;
  #cancelPing: Cancel = () => {};

  /** `nextId` hands out worker ids, unique over the whole farm. Nothing is started yet. */
  constructor(spec: ConsumerSpec, host: Host, nextId: () => number, owner: ConsumerOwner) {
    this.#spec = spec;
    this.#host = host;
    this.#owner = owner;
    this.#health = new ConsumerHealth(this, host, owner);
    this.#load = new ConsumerLoad(host.clock);
    this.#pool = new WorkerPool((slot) => {
      const ref = { worker: nextId(), slot, consumer: this.#spec.name };
      return new Worker(ref, this.#spec, host, this.#load.meter, this);
    });
    this.#target = initialSize(spec.size);
    this.#tasks = new TaskDoor(this, host, owner);
    this.#tasks.adopt();
    this.#pingLater();
  }

  get spec(): ConsumerSpec {
    return this.#spec;
  }

  get workers(): readonly Worker[] {
    return this.#pool.workers;
  }

  /** Those that count as its size, in the order of their slots: all but those whose slot is given up. */
  get active(): readonly Worker[] {
    return this.#pool.active;
  }

  get target(): number {
    return this.#target;
  }

  /** Why it has given up, or null. */
  get parked(): string | null {
    return this.#health.parked;
  }

  /** What a person has done to all of it. */
  get held(): "stopped" | "paused" | null {
    return this.#held;
  }

  get sizedByHand(): boolean {
    return this.#sizeByHand !== null;
  }

  /** It is on its way out of the farm. */
  get removed(): boolean {
    return this.#removed;
  }

  /** The size the autoscaler is to plan with: a fixed one while it is not its business. */
  get plannedSize(): SizeSpec {
    const fixed = this.#removed || this.#held !== null || this.parked !== null || this.#sizeByHand !== null;
    return fixed ? { kind: "static", processes: this.#target } : this.#spec.size;
  }

  /** What it did since the last time this was asked; the autoscaler alone asks. */
  load(): MeasuredLoad {
    const { size } = this.#spec;
    const warmUpMs = size.kind === "autoscaled" ? size.scaling.damping.warmUpMs : 0;
    return {
      consumer: this.#spec.name,
      ...this.count(),
      ...this.#load.take(this.active, warmUpMs),
      tasksWaiting: this.#tasks.waiting,
    };
  }

  /** How many there are now. Those at rest hold their slot under the cap, so that they can come back at any time. */
  count(): Pick<Load, "live" | "current"> {
    return this.#pool.count();
  }

  /** Where its tasks are handed in; null when its workers fetch their own work. */
  taskPool(): TaskPool | null {
    return this.#tasks.pool;
  }

  /** Nothing of it is alive or at work any more. */
  get empty(): boolean {
    return this.workers.length === 0 && this.#tasks.idle;
  }

  /** Workers up to its size that are not there yet are made, but not started. For the beginning of the farm. */
  prepare(): readonly Worker[] {
    this.#tasks.begin();
    this.#pool.add(this.#target - this.workers.length);
    return this.workers;
  }

  /** Grows or shrinks to so many workers. Growing calls scale-downs off first; shrinking takes idle workers first and lets busy ones finish. */
  resize(target: number): void {
    this.#target = target;
    const { current } = this.count();
    if (target > current) this.fill();
    else this.#pool.shrink(current - target);
  }

  /** A size set by a person holds until it is given back with null. */
  sizeByHand(size: number | null): void {
    this.#sizeByHand = size;
    if (size !== null) this.resize(size);
    else if (this.#spec.size.kind === "static") this.resize(this.#spec.size.processes);
    else this.resize(Math.min(Math.max(this.#target, this.#spec.size.min), this.#spec.size.max));
  }

  /** Adds the workers that are missing, as far as the cap leaves slots. */
  fill(): void {
    if (this.#removed || this.parked !== null || this.#held === "stopped") return;
    this.#tasks.begin();
    const missing = this.#target - this.count().current;
    if (missing <= 0) return;
    const left = missing - this.#pool.keep(missing, this.#spec);
    if (left === 0) return;
    for (const worker of this.#pool.add(Math.min(left, this.#owner.freeSlots()))) {
      if (this.#held === "paused") worker.pause();
      else this.#owner.startSoon(worker);
    }
  }

  /** Somebody wants it to run, whatever held it back. */
  start(): void {
    this.#release();
    for (const worker of this.workers.slice()) worker.startAnew();
    this.fill();
    this.admitTasks();
  }

  /** One worker of it is to run; others stay at rest. */
  startWorker(worker: Worker): void {
    this.#release();
    worker.startAnew();
    this.admitTasks();
  }

  /** Fresh processes for all of it, or for one worker, whatever held them back. Returns whom that concerns. */
  restart(one: Worker | null, cause: AskedCause): readonly Worker[] {
    this.#release();
    const affected = (one === null ? this.workers : [one]).filter(({ going }) => !going);
    for (const worker of affected) worker.restart(cause);
    if (one === null) this.fill();
    this.admitTasks();
    return affected;
  }

  #release(): void {
    this.#held = null;
    this.unpark();
  }

  /** Its processes end and stay away until `start`. */
  hold(): void {
    this.#held = "stopped";
    this.unpark();
    this.#tasks.admit();
    this.stop("stopped");
  }

  pause(): void {
    if (this.#held === "stopped") return;
    this.#held = "paused";
    for (const worker of this.workers) worker.pause();
  }

  resume(): void {
    if (this.#held === "paused") this.#held = null;
    for (const worker of this.workers.slice()) worker.resume();
    this.fill();
  }

  /** One worker of it goes on; others stay paused. */
  resumeWorker(worker: Worker): void {
    if (this.#held === "paused") this.#held = null;
    worker.resume();
  }

  /** It is given up no more. */
  unpark(): void {
    this.#health.unpark();
  }

  /** All workers at once; each ends in its own time, or is killed `capMs` from now. */
  stop(cause: StopCause, capMs: number | null = null): void {
    if (cause === "shutdown" || cause === "removed") this.#tasks.stop(cause, capMs);
    for (const worker of this.workers.slice()) {
      // those that are gone leave the list meanwhile
      if (worker.state !== "gone") worker.stop(cause, capMs);
    }
  }

  /** It leaves the farm: its processes end, and with the last one it is gone. */
  remove(): void {
    this.#removed = true;
    this.#target = 0;
    this.stop("removed");
    if (this.empty) this.#owner.shrunk(this, 0);
  }

  /** It is back in the farm before its last process had gone. */
  readmit(spec: ConsumerSpec): void {
    this.#removed = false;
    this.#sizeByHand = null;
    this.#release();
    this.adopt(spec);
    this.#tasks.begin();
    this.resize(initialSize(spec.size));
    this.admitTasks();
  }

  /**
   * Another definition. Rules and limits hold for the running processes at once, what concerns the process itself from its next
   * start on: who wants that now, restarts the workers. A size by hand stays.
   */
  adopt(spec: ConsumerSpec): void {
    this.#spec = spec;
    this.#tasks.adopt();
    for (const worker of this.workers) worker.adopt(spec);
  }

  /** Brings the size within what the definition says now. */
  fitSize(): void {
    if (this.#sizeByHand === null) this.sizeByHand(null);
  }

  /** From the definition of a rolling restart: new workers get this, those there are keep theirs until they are restarted. */
  define(spec: ConsumerSpec): void {
    this.#spec = spec;
    this.#tasks.adopt();
  }

  kill(): void {
    for (const worker of this.workers) worker.kill();
  }

  /** It has ended for good: no timer is left. */
  close(): void {
    this.#cancelPing();
    this.#tasks.close();
  }

  snapshot(nowMs: number): ConsumerSnapshot {
    const { name, transports, size, origin } = this.#spec;
    return {
      name,
      transports,
      min: size.kind === "static" ? size.processes : size.min,
      max: size.kind === "static" ? size.processes : size.max,
      target: this.#target,
      decision: this.plannedSize.kind === "static" ? null : this.decision,
      sourceFailure: this.sourceFailure,
      hasSource: size.kind === "autoscaled" && hasSource(size.scaling.strategy),
      degraded: this.#health.degraded,
      parked: this.parked,
      stopped: this.#held === "stopped",
      paused: this.#held === "paused",
      sizedBy: this.#sizeByHand !== null ? "person" : size.kind === "static" ? "file" : "autoscaler",
      origin,
      problem: this.problem,
      messagesTotal: this.#load.meter.messagesTotal,
      tasks: this.#tasks.figures(),
      workers: this.workers.map((worker) => worker.snapshot(nowMs)),
    };
  }

  limitChanged(worker: Worker): void {
    this.#health.limitChanged(worker);
  }

  gaveUp(worker: Worker, answer: "park" | "exit"): void {
    this.#health.gaveUp(worker, answer);
  }

  settled(worker: Worker): void {
    this.taskPool()?.leave(worker.ref.worker);
    if (worker.state === "gone") {
      this.#pool.forget(worker);
      this.#owner.shrunk(this, 1);
    }
    this.#health.settled();
    this.admitTasks();
  }

  /** Tasks are taken, or refused, by what holds for all of it now. */
  admitTasks(): void {
    this.#tasks.admit();
  }

  #pingLater(): void {
    const { pingTimeoutMs } = this.#spec.liveness;
    const delayMs = Math.min(pingIntervalMs, (pingTimeoutMs ?? Number.POSITIVE_INFINITY) / 2);
    this.#cancelPing = this.#host.clock.after(delayMs, () => {
      for (const worker of this.workers) worker.ping();
      this.#pingLater();
    });
  }
}

import type { AskedCause, StopCause, WorkerRef } from "../core/farm/events.ts";
import type { WorkerSnapshot } from "../core/farm/snapshot.ts";
import type { ConsumerSpec, SignalName } from "../core/farm/spec.ts";
import type { LoadMeter } from "../core/scaling/load-meter.ts";
import { finality } from "../core/supervision/finality.ts";
import { isAtRest, type WorkerState } from "../core/supervision/lifecycle.ts";
import type { ReplaceCause } from "../core/supervision/replace.ts";
import { isSuccess } from "../core/supervision/restart.ts";
import type { Host } from "./host.ts";
import type { TaskPool } from "./tasks/task-pool.ts";
import { WorkerLife } from "./worker-life.ts";

/** What a worker tells its consumer. */
export interface WorkerOwner {
  /** The failure limit has opened or closed. */
  limitChanged(worker: Worker): void;
  /** The failure limit is open and the answer is to park or to exit. */
  gaveUp(worker: Worker, answer: "park" | "exit"): void;
  /** It will not start again by itself: parked, stopped, finished or gone. */
  settled(worker: Worker): void;
  /** Where its tasks come from now; null when it fetches its own work. */
  taskPool(): TaskPool | null;
}

/** One slot of a consumer, kept alive: what its consumer and people may ask of it. What becomes of its processes is up to its life. */
export class Worker {
  readonly ref: WorkerRef;
  readonly #host: Host;
  readonly #life: WorkerLife;

  constructor(ref: WorkerRef, spec: ConsumerSpec, host: Host, meter: LoadMeter, owner: WorkerOwner) {
    this.ref = ref;
    this.#host = host;
    this.#life = new WorkerLife(ref, spec, host, meter, {
      limitChanged: () => owner.limitChanged(this),
      gaveUp: (answer) => owner.gaveUp(this, answer),
      settled: () => owner.settled(this),
      taskPool: () => owner.taskPool(),
    });
  }

  get state(): WorkerState {
    return this.#life.state;
  }

  get spec(): ConsumerSpec {
    return this.#life.spec;
  }

  get paused(): boolean {
    return this.#life.paused;
  }

  /** Paused, and nothing of it moves any more. */
  get standsStill(): boolean {
    return this.paused && (this.#life.process?.frozen ?? true);
  }

  /** Slots at work. */
  get busy(): number {
    return this.#life.process?.inFlight.busy ?? 0;
  }

  /** Slots in all. */
  get slots(): number {
    return this.#life.process?.inFlight.total ?? 1;
  }

  /** Since when its process runs; null when none does. */
  get runningSinceMs(): number | null {
    const { process } = this.#life;
    return process === null || process.exited ? null : process.startedAtMs;
  }

  /** True when its process is to end and no other is to follow, be it that it goes or that it comes to rest. */
  get leaving(): boolean {
    return this.going || finality(this.#life.process?.stopCause ?? null) > 0;
  }

  /** True when its slot is given up, or is to be: it is none of those that make up the size of its consumer. */
  get going(): boolean {
    if (this.#life.retiring || this.state === "gone") return true;
    return finality(this.#life.process?.stopCause ?? null) >= finality("scale_down");
  }

  /** True once its process has told of work done. */
  get reportedWork(): boolean {
    return this.#life.process?.inFlight.reportedWork ?? false;
  }

  get limitOpen(): boolean {
    return this.#life.history.limitOpen;
  }

  /** True when it is over with a failure: its last exit was none that counts as success. */
  get failed(): boolean {
    const { lastExit } = this.#life.history;
    return lastExit !== null && !isSuccess(this.spec.restart, lastExit);
  }

  /** Starts a process now. */
  start(): void {
    this.#life.start();
  }

  /** Somebody asks for a process, whatever held it back: its failures are forgotten, and one that waits starts now. */
  startAnew(): void {
    this.#life.forgetFailures();
    this.#unpause();
    this.#comeBack("restart");
    if (this.#life.process === null && this.state !== "gone") this.#life.start();
  }

  /** A process that is on its way to rest is followed by another; so is one that has ended, whatever its end would mean. */
  #comeBack(cause: AskedCause): void {
    const { process } = this.#life;
    if (process !== null && !this.going && (this.leaving || process.exited)) process.stopCause = cause;
  }

  /**
   * Takes part in a scale-down: an idle worker is told to stop, a busy one is left to finish what it has in hand, however long that
   * takes, and told then. Until it is told, `keep` calls it off.
   */
  retire(): void {
    const { process } = this.#life;
    if (process === null || process.exited || process.inFlight.busy === 0 || process.stopCause !== null) {
      this.stop("scale_down");
      return;
    }
    this.#life.retiring = true;
    process.setCounted(false);
    process.tasks?.close();
    this.#life.move("drain");
  }

  /** Calls a retirement off; false when it is too late for that. */
  keep(): boolean {
    if (!this.#life.retiring) return false;
    this.#life.retiring = false;
    this.#life.process?.setCounted(true);
    this.#life.move("keep");
    this.#life.process?.admitTasks();
    return true;
  }

  /** Replaces the process by a fresh one: the old one is told to stop first. */
  replace(cause: ReplaceCause): void {
    this.#life.replace(cause);
  }

  /**
   * A fresh process because somebody asks for one; where none runs, it starts now. One that is to go is left to go. Another definition
   * leaves a paused worker paused: its next process is the one that `resume` starts.
   */
  restart(cause: AskedCause): void {
    if (this.going) return;
    if (cause === "restart") this.#unpause();
    this.#life.forgetFailures();
    if (this.#life.process !== null) {
      this.#comeBack(cause);
      this.stop(cause);
    } else if (!this.paused) this.startAnew();
  }

  /** Tells it to stop; what follows depends on the cause. SIGKILL comes at its own deadline, and `capMs` from now at the latest. */
  stop(cause: StopCause, capMs: number | null = null): void {
    this.#life.stop(cause, capMs);
  }

  /** SIGKILL at once, for whom no deadline counts any more. */
  kill(): void {
    this.#life.process?.kill(true);
  }

  /** Freezes its process, a busy one when its message is done, and starts none until `resume`. */
  pause(): void {
    if (this.paused || isAtRest(this.state) || this.state === "gone") return;
    this.#life.paused = true;
    this.#life.callOffStart();
    if (this.#life.process === null) this.#host.emit({ type: "worker_paused", ...this.ref });
    else this.#life.process.pause();
  }

  /** Goes on where `pause` stopped it. */
  resume(): void {
    if (this.#unpause() && this.#life.process === null) this.#life.start();
  }

  #unpause(): boolean {
    if (!this.paused) return false;
    this.#life.paused = false;
    this.#life.process?.resume();
    this.#host.emit({ type: "worker_resumed", ...this.ref });
    return true;
  }

  /** A signal of the user's own; false when no process runs. */
  signal(signal: SignalName, group: boolean): boolean {
    const { process } = this.#life;
    if (process === null || process.exited) return false;
    if (group) process.child.signalGroup(signal);
    else process.child.signal(signal);
    return true;
  }

  /** Another definition of its consumer: limits and rules hold at once, the rest from its next process on. */
  adopt(spec: ConsumerSpec): void {
    this.#life.adopt(spec);
  }

  /** Asks the process for a sign of life. */
  ping(): void {
    this.#life.process?.ping();
  }

  snapshot(nowMs: number): WorkerSnapshot {
    const { process, history, restarts, nextStartAtMs } = this.#life;
    return {
      id: this.ref.worker,
      slot: this.ref.slot,
      state: this.state,
      pid: process === null || process.exited ? null : process.child.pid,
      startedAtMs: process?.startedAtMs ?? null,
      restarts,
      nextStartAtMs,
      failures: history.recent(this.spec.restart, nowMs),
      lastExit: history.lastExit,
      lastExitAtMs: history.lastExitAtMs,
      paused: this.paused,
      lastPongEpochMs: process?.lastPongEpochMs ?? null,
      busy: this.busy,
      slots: this.slots,
      inFlight: process?.inFlight.perTransport ?? {},
    };
  }
}

import type { RestartReason, StopCause, WorkerRef } from "../core/farm/events.ts";
import type { WorkerSnapshot } from "../core/farm/snapshot.ts";
import type { ConsumerSpec } from "../core/farm/spec.ts";
import type { LoadMeter } from "../core/scaling/load-meter.ts";
import { type ExitReason, exitCodeOf } from "../core/supervision/exit.ts";
import { finality } from "../core/supervision/finality.ts";
import { nextState, type WorkerMove, type WorkerState } from "../core/supervision/lifecycle.ts";
import type { ReplaceCause } from "../core/supervision/replace.ts";
import {
  decideRestart,
  isSuccess,
  mayBeTooSoon,
  recentFailures,
  restartReasonOf,
} from "../core/supervision/restart.ts";
import type { Cancel, ChildFact, Host } from "./host.ts";
import { RunningProcess } from "./running-process.ts";

/** SIGKILL is sent again this often until the kernel has reaped the process. */
const killAgainMs = 1_000;

/** What a worker tells its consumer. */
export interface WorkerOwner {
  /** The failure limit has opened or closed. */
  limitChanged(worker: Worker): void;
  /** The failure limit is open and the answer is to park or to exit. */
  gaveUp(worker: Worker, answer: "park" | "exit"): void;
  /** It will not start again by itself: parked, finished or gone. */
  settled(worker: Worker): void;
}

/**
 * One slot of a consumer, kept alive: it owns its process, its timers and its history of failures. Every event is handled in one
 * synchronous step: ask the core, write the fields, act.
 */
export class Worker {
  readonly ref: WorkerRef;
  readonly #spec: ConsumerSpec;
  readonly #host: Host;
  readonly #owner: WorkerOwner;
  readonly #meter: LoadMeter;
  #state: WorkerState = "backoff";
  #process: RunningProcess | null = null;
  #failures: readonly number[] = [];
  #limitOpen = false;
  #lastExit: ExitReason | null = null;
  #restarts = 0;
  #nextStartAtMs: number | null = null;
  /** It is to go, and has not been told yet. */
  #retiring = false;
  #cancelStart: Cancel = () => {};

  constructor(ref: WorkerRef, spec: ConsumerSpec, host: Host, meter: LoadMeter, owner: WorkerOwner) {
    this.ref = ref;
    this.#spec = spec;
    this.#host = host;
    this.#meter = meter;
    this.#owner = owner;
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** Slots at work. */
  get busy(): number {
    return this.#process?.inFlight.busy ?? 0;
  }

  /** Slots in all. */
  get slots(): number {
    return this.#process?.inFlight.total ?? 1;
  }

  /** Since when its process runs; null when none does. */
  get runningSinceMs(): number | null {
    return this.#process === null || this.#process.exited ? null : this.#process.startedAtMs;
  }

  get limitOpen(): boolean {
    return this.#limitOpen;
  }

  /** True when it is over with a failure: its last exit was none that counts as success. */
  get failed(): boolean {
    return this.#lastExit !== null && !isSuccess(this.#spec.restart, this.#lastExit);
  }

  /** Starts a process now. */
  start(): void {
    this.#nextStartAtMs = null;
    this.#move("start");
    let process: RunningProcess | null = null;
    const request = { spec: this.#spec, workerId: this.ref.worker, slot: this.ref.slot };
    const child = this.#host.spawn(request, (fact) => {
      if (process !== null) this.#hear(process, fact);
    });
    if ("kind" in child) {
      this.#host.emit({ type: "worker_not_started", message: child.message, ...this.ref });
      this.#lastExit = child;
      this.#decide(child, 0, false);
      return;
    }
    process = new RunningProcess(child, this.#spec, this.ref, this.#host, this.#meter, (cause) => {
      if (process === this.#process) this.replace(cause);
    });
    this.#process = process;
    this.#host.emit({ type: "worker_started", pid: child.pid, transports: this.#spec.transports, ...this.ref });
    if (this.#limitOpen) process.after(this.#spec.restart.failureWindowMs, () => this.#closeLimit());
    if (this.#spec.ready.when === "started") this.#ready(process);
    if (this.#spec.ready.when === "after") process.after(this.#spec.ready.delayMs, () => this.#ready(process));
  }

  /**
   * Takes part in a scale-down: an idle worker is told to stop, a busy one is left to finish what it has in hand, however long that
   * takes, and told then. Until it is told, `keep` calls it off.
   */
  retire(): void {
    const process = this.#process;
    if (process === null || process.exited || process.inFlight.busy === 0 || process.stopCause !== null) {
      this.stop("scale_down");
      return;
    }
    this.#retiring = true;
    process.setCounted(false);
    this.#move("drain");
  }

  /** Calls a retirement off; false when it is too late for that. */
  keep(): boolean {
    if (!this.#retiring) return false;
    this.#retiring = false;
    this.#process?.setCounted(true);
    this.#move("keep");
    return true;
  }

  /** Replaces the process by a fresh one: the old one is told to stop first. */
  replace(cause: ReplaceCause): void {
    if (this.#process?.stopCause === null) this.stop(cause);
  }

  /**
   * Tells the worker to stop, whatever it does now: its signal, its deadline, then SIGKILL to its process group until it is reaped.
   * What follows depends on the cause: a replacement, `parked` or `gone`. A stop already under way takes on a more final cause.
   */
  stop(cause: StopCause): void {
    this.#cancelStart();
    const process = this.#process;
    if (process === null) {
      if (this.#state !== "finished" || cause !== "parked") this.#settle(cause);
      return;
    }
    const first = process.stopCause === null;
    if (first || finality(cause) > finality(process.stopCause)) process.stopCause = cause;
    if (!first || process.exited) return;
    this.#move("drain");
    process.stopJudging();
    process.setCounted(false);
    this.#retiring = false;
    const { stopSignal, stopTimeoutMs } = this.#spec;
    this.#host.emit({ type: "worker_stopping", cause, signal: stopSignal, pid: process.child.pid, ...this.ref });
    // The signal first: a worker that obeys the frame at once would be hit by it in its own shutdown, without a handler.
    process.child.signal(stopSignal);
    if (process.spoke) process.child.drain();
    if (stopTimeoutMs > 0) process.after(stopTimeoutMs, () => this.#kill(process, false));
  }

  /** SIGKILL at once, for whom no deadline counts any more. */
  kill(): void {
    if (this.#process !== null && !this.#process.exited) this.#kill(this.#process, true);
  }

  /** Asks the process for a sign of life. */
  ping(): void {
    this.#process?.ping();
  }

  snapshot(nowMs: number): WorkerSnapshot {
    const process = this.#process;
    return {
      id: this.ref.worker,
      slot: this.ref.slot,
      state: this.#state,
      pid: process === null || process.exited ? null : process.child.pid,
      startedAtMs: process?.startedAtMs ?? null,
      restarts: this.#restarts,
      nextStartAtMs: this.#nextStartAtMs,
      failures: recentFailures(this.#failures, this.#spec.restart.failureWindowMs, nowMs).length,
      lastExit: this.#lastExit,
      lastPongEpochMs: process?.lastPongEpochMs ?? null,
      busy: process?.inFlight.busy ?? 0,
      slots: process?.inFlight.total ?? 1,
      inFlight: process?.inFlight.perTransport ?? {},
    };
  }

  #hear(process: RunningProcess, fact: ChildFact): void {
    switch (fact.type) {
      case "exited":
        this.#exited(process, fact.exit);
        return;
      case "ended":
        this.#ended(process);
        return;
      case "frame":
        process.hear(fact.frame);
        if (this.#retiring && process.inFlight.busy === 0) this.stop("scale_down");
        if (fact.frame.type === "ready" && this.#spec.ready.when === "protocol") this.#ready(process);
        return;
      case "log_ready":
        this.#ready(process);
        return;
      case "ipc_error":
        this.#host.emit({ type: "ipc_error", kind: fact.kind, ...this.ref });
        return;
    }
  }

  #ready(process: RunningProcess): void {
    if (process !== this.#process || this.#state !== "starting" || process.exited) return;
    this.#move("ready");
    this.#host.emit({ type: "worker_ready", afterMs: process.uptimeMs, ...this.ref });
  }

  #exited(process: RunningProcess, exit: ExitReason): void {
    const uptimeMs = process.uptimeMs;
    if (this.#retiring) process.stopCause = "scale_down"; // it went by itself, which is as good
    this.#retiring = false;
    const cause = process.stopCause;
    process.close();
    process.child.killGroup(); // what it leaves behind in its group has nobody to report to
    this.#lastExit = exit;
    const failed = cause === null && !isSuccess(this.#spec.restart, exit);
    this.#host.emit({ type: "worker_exited", pid: process.child.pid, exit, uptimeMs, cause, failed, ...this.ref });
    // Its last frames may still be on their way. What a clean exit that came early means depends on them; and at the end of a worker
    // there is no later for the messages lost with it. All else goes on at once.
    const isLast = cause !== null && restartReasonOf(cause) === null;
    const next = (): void => this.#next(process, exit, uptimeMs);
    if (isLast || (cause === null && mayBeTooSoon(this.#spec.restart, exit, uptimeMs))) process.whenEnded = next;
    else next();
  }

  /** All its frames have been heard: what is still in flight is lost. */
  #ended(process: RunningProcess): void {
    for (const [transport, count] of Object.entries(process.inFlight.perTransport)) {
      this.#host.emit({ type: "messages_lost", transport, count, ...this.ref });
    }
    process.whenEnded();
  }

  #next(process: RunningProcess, exit: ExitReason, uptimeMs: number): void {
    this.#process = null;
    if (process.stopCause === null) this.#decide(exit, uptimeMs, process.inFlight.reportedWork);
    else this.#settle(process.stopCause);
  }

  /** A stop that was asked for is over. */
  #settle(cause: StopCause): void {
    const reason = restartReasonOf(cause);
    if (reason !== null) {
      this.#restart(reason, 0);
      return;
    }
    this.#move(cause === "parked" ? "park" : "remove");
    this.#owner.settled(this);
  }

  #decide(exit: ExitReason, uptimeMs: number, reportedWork: boolean): void {
    const decision = decideRestart(this.#spec.restart, {
      exit,
      uptimeMs,
      reportedWork,
      failures: this.#failures,
      limitOpen: this.#limitOpen,
      nowMs: this.#host.clock.nowMs(),
      random: this.#host.random(),
    });
    switch (decision.do) {
      case "restart":
        this.#failures = decision.failures;
        if (decision.overLimit) this.#openLimit();
        else if (decision.failures.length === 0) this.#closeLimit();
        this.#restart(decision.reason, decision.delayMs);
        return;
      case "finish":
        this.#closeLimit();
        this.#move("finish");
        this.#host.emit({ type: "worker_finished", exitCode: exitCodeOf(exit), ...this.ref });
        this.#owner.settled(this);
        return;
      case "park_worker":
        this.#closeLimit();
        this.#move("park");
        this.#host.emit({ type: "worker_parked", exitCode: exitCodeOf(exit), ...this.ref });
        this.#owner.settled(this);
        return;
      case "give_up":
        this.#failures = decision.failures;
        this.#host.emit({
          type: "failure_limit_reached",
          failures: decision.failures.length,
          answer: decision.answer,
          ...this.ref,
        });
        this.#move("park");
        this.#owner.gaveUp(this, decision.answer);
        if (this.#state === "parked") this.#owner.settled(this);
        return;
    }
  }

  #restart(reason: RestartReason, delayMs: number): void {
    this.#restarts += 1;
    this.#host.emit({ type: "worker_restarting", reason, delayMs, attempt: this.#failures.length, ...this.ref });
    if (delayMs === 0 && this.#lastExit?.kind !== "spawn_failed") {
      this.start();
      return;
    }
    this.#move("wait");
    this.#nextStartAtMs = this.#host.clock.nowMs() + delayMs;
    this.#cancelStart = this.#host.clock.after(delayMs, () => this.start());
  }

  #kill(process: RunningProcess, forced: boolean): void {
    if (process.killed) return;
    process.killed = true;
    const { stopTimeoutMs } = this.#spec;
    this.#host.emit({
      type: "worker_killed",
      cause: process.stopCause ?? "shutdown",
      timeoutMs: stopTimeoutMs,
      pid: process.child.pid,
      forced,
      ...this.ref,
    });
    this.#killUntilReaped(process);
  }

  #killUntilReaped(process: RunningProcess): void {
    process.child.killGroup();
    process.after(killAgainMs, () => this.#killUntilReaped(process));
  }

  #openLimit(): void {
    if (this.#limitOpen) return;
    this.#limitOpen = true;
    this.#host.emit({ type: "failure_limit_reached", failures: this.#failures.length, answer: "retry", ...this.ref });
    this.#owner.limitChanged(this);
  }

  #closeLimit(): void {
    if (!this.#limitOpen) return;
    this.#limitOpen = false;
    this.#failures = [];
    this.#owner.limitChanged(this);
  }

  #move(move: WorkerMove): void {
    this.#state = nextState(this.#state, move);
  }
}

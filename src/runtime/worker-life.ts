import type { RestartReason, StopCause, WorkerRef } from "../core/farm/events.ts";
import type { ConsumerSpec } from "../core/farm/spec.ts";
import type { LoadMeter } from "../core/scaling/load-meter.ts";
import { describeExit, type ExitReason, exitCodeOf } from "../core/supervision/exit.ts";
import { finality } from "../core/supervision/finality.ts";
import { isAtRest, nextState, type WorkerMove, type WorkerState } from "../core/supervision/lifecycle.ts";
import type { ReplaceCause } from "../core/supervision/replace.ts";
import { isSuccess, mayBeTooSoon, restartReasonOf } from "../core/supervision/restart.ts";
import { ExitHistory } from "./exit-history.ts";
import type { Cancel, ChildFact, Host } from "./host.ts";
import { RunningProcess } from "./running-process.ts";
import type { TaskPool } from "./tasks/task-pool.ts";

/** What is told of a worker's life. */
export interface LifeOwner {
  /** The failure limit has opened or closed. */
  limitChanged(): void;
  /** The failure limit is open and the answer is to park or to exit. */
  gaveUp(answer: "park" | "exit"): void;
  /** It will not start again by itself: parked, stopped, finished or gone. */
  settled(): void;
  /** Where its tasks come from now; null when it fetches its own work. */
  taskPool(): TaskPool | null;
}

/**
 * The processes of one worker, one after the other: how they start, how they are told to stop, and what follows from their end. Every
 * event is handled in one synchronous step: ask the core, write the fields, act.
 */
export class WorkerLife {
  readonly ref: WorkerRef;
  readonly history = new ExitHistory();
  /** What its next process is started with. */
  spec: ConsumerSpec;
  /** It is to go, and has not been told yet. */
  retiring = false;
  /** No process is started, and the one there is is frozen or about to be. */
  paused = false;
  readonly #host: Host;
  readonly #owner: LifeOwner;
  readonly #meter: LoadMeter;
  #state: WorkerState = "backoff";
  #process: RunningProcess | null = null;
  #restarts = 0;
  #nextStartAtMs: number | null = null;
  #cancelStart: Cancel = () => {};

  constructor(ref: WorkerRef, spec: ConsumerSpec, host: Host, meter: LoadMeter, owner: LifeOwner) {
    this.ref = ref;
    this.spec = spec;
    this.#host = host;
    this.#meter = meter;
    this.#owner = owner;
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** Also one that has been reaped, as long as its last words are on their way. */
  get process(): RunningProcess | null {
    return this.#process;
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** When its next process starts; null when none is due. */
  get nextStartAtMs(): number | null {
    return this.#nextStartAtMs;
  }

  /** Starts a process now. */
  start(): void {
    this.callOffStart();
    this.move("start");
    let process: RunningProcess | null = null;
    const request = { spec: this.spec, workerId: this.ref.worker, slot: this.ref.slot };
    const child = this.#host.spawn(request, (fact) => {
      if (process !== null) this.#hear(process, fact);
    });
    if ("kind" in child) {
      this.#host.emit({ type: "worker_not_started", message: child.message, ...this.ref });
      this.history.note(child, this.#host.clock.nowMs());
      this.#decide(child, 0, false);
      return;
    }
    process = new RunningProcess(child, this.spec, this.ref, this.#host, this.#meter, {
      pool: this.#owner.taskPool(),
      replace: (cause) => {
        if (process === this.#process) this.replace(cause);
      },
      idle: () => {
        if (process === this.#process && this.retiring) this.stop("scale_down");
      },
    });
    this.#process = process;
    const started = process;
    child.whenBegan(() => this.#began(started));
  }

  #began(process: RunningProcess): void {
    const { transports } = this.spec;
    this.#host.emit({ type: "worker_started", pid: process.child.pid, transports, ...this.ref });
    if (this.history.limitOpen) process.after(this.spec.restart.failureWindowMs, () => this.#closeLimit());
    this.#readyInTime(process);
  }

  /** Nothing starts when a delay is over. */
  callOffStart(): void {
    this.#cancelStart();
    this.#nextStartAtMs = null;
  }

  /** Replaces the process by a fresh one: the old one is told to stop first. */
  replace(cause: ReplaceCause): void {
    if (this.#process?.stopCause === null) this.stop(cause);
  }

  /**
   * Tells the worker to stop, whatever it does now: its signal, its deadline, then SIGKILL to its process group until it is reaped.
   * What follows depends on the cause: a replacement, `stopped`, `parked` or `gone`. A stop already under way takes on a more final cause.
   * `capMs` from now SIGKILL comes in any case.
   */
  stop(asked: StopCause, capMs: number | null = null): void {
    // One that was to go anyway does so, whatever else ends it.
    const cause = this.retiring && finality(asked) < finality("scale_down") ? "scale_down" : asked;
    this.#cancelStart();
    const process = this.#process;
    if (process === null) {
      const rests = isAtRest(this.#state) && (cause === "parked" || cause === this.#state);
      if (!rests) this.#settle(cause);
      return;
    }
    const first = process.stopCause === null;
    if (first && !process.exited) this.move("drain");
    if (first || finality(cause) > finality(process.stopCause)) process.stop(cause, capMs);
    if (first) this.retiring = false;
  }

  /** Another definition: limits and rules hold at once, the rest from its next process on. */
  adopt(spec: ConsumerSpec): void {
    this.spec = spec;
    if (this.#process === null || this.#process.stopCause !== null) return;
    this.#process.adopt(spec);
    this.#readyInTime(this.#process);
  }

  /** Its failures count no more. */
  forgetFailures(): void {
    this.history.forgetFailures();
    this.#closeLimit();
  }

  move(move: WorkerMove): void {
    this.#state = nextState(this.#state, move);
    if (isAtRest(this.#state) || this.#state === "gone") this.paused = false;
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
        if (this.retiring && process.inFlight.busy === 0) this.stop("scale_down");
        if (fact.frame.type === "ready" && this.spec.ready.when === "protocol") this.#ready(process);
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
    this.move("ready");
    process.becomeReady();
    this.#host.emit({ type: "worker_ready", afterMs: process.uptimeMs, ...this.ref });
  }

  /** Where time alone makes it ready. */
  #readyInTime(process: RunningProcess): void {
    const { ready } = this.spec;
    if (this.#state !== "starting") return;
    if (ready.when === "started") this.#ready(process);
    if (ready.when !== "after") return;
    const leftMs = ready.delayMs - process.uptimeMs;
    if (leftMs <= 0) this.#ready(process);
    else process.after(leftMs, () => this.#readyInTime(process));
  }

  #exited(process: RunningProcess, exit: ExitReason): void {
    const uptimeMs = process.uptimeMs;
    if (this.retiring) process.stopCause = "scale_down"; // it went by itself, which is as good
    this.retiring = false;
    const cause = process.stopCause;
    process.close(exit);
    process.child.killGroup(); // what it leaves behind in its group has nobody to report to
    this.history.note(exit, this.#host.clock.nowMs());
    const failed = cause === null && !isSuccess(this.spec.restart, exit);
    if (exit.kind === "spawn_failed") {
      this.#host.emit({ type: "worker_not_started", message: exit.message, ...this.ref });
    } else {
      this.#host.emit({ type: "worker_exited", pid: process.child.pid, exit, uptimeMs, cause, failed, ...this.ref });
    }
    // Its last frames may still be on their way. What a clean exit that came early means depends on them; and at the end of a worker
    // there is no later for the messages lost with it. All else goes on at once.
    const isLast = cause !== null && restartReasonOf(cause) === null;
    const next = (): void => this.#next(process, exit, uptimeMs);
    if (isLast || (cause === null && mayBeTooSoon(this.spec.restart, exit, uptimeMs))) process.whenEnded = next;
    else next();
  }

  /** All its frames have been heard: what is still in flight is lost. */
  #ended(process: RunningProcess): void {
    for (const [transport, count] of Object.entries(process.inFlight.perTransport)) {
      this.#host.emit({ type: "messages_lost", transport, count, ...this.ref });
    }
    process.tasks?.lost(process.exit === null ? "" : describeExit(process.exit));
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
    this.#nextStartAtMs = null;
    if (cause === "parked") {
      this.move("park");
    } else if (cause === "stopped") {
      this.forgetFailures();
      this.move("stop");
      this.#host.emit({ type: "worker_stopped", ...this.ref });
    } else {
      if (cause !== "shutdown") this.#closeLimit();
      this.move("remove");
      this.#host.emit({ type: "worker_gone", ...this.ref });
    }
    this.#owner.settled();
  }

  /** What follows an end that nobody had asked for. */
  #decide(exit: ExitReason, uptimeMs: number, reportedWork: boolean): void {
    const nowMs = this.#host.clock.nowMs();
    const facts = { exit, uptimeMs, reportedWork, nowMs, random: this.#host.random() };
    const decision = this.history.decide(this.spec.restart, facts);
    switch (decision.do) {
      case "restart":
        if (decision.overLimit) this.#openLimit();
        else if (decision.failures.length === 0) this.#closeLimit();
        this.#restart(decision.reason, decision.delayMs);
        return;
      case "finish":
        this.#closeLimit();
        this.move("finish");
        this.#host.emit({ type: "worker_finished", exitCode: exitCodeOf(exit), ...this.ref });
        this.#owner.settled();
        return;
      case "park_worker":
        this.#closeLimit();
        this.move("park");
        this.#host.emit({ type: "worker_parked", exitCode: exitCodeOf(exit), ...this.ref });
        this.#owner.settled();
        return;
      case "give_up":
        this.#limitReached(decision.answer);
        this.move("park");
        this.#owner.gaveUp(decision.answer);
        if (this.#state === "parked") this.#owner.settled();
        return;
    }
  }

  #restart(reason: RestartReason, delayMs: number): void {
    this.#restarts += 1;
    this.#host.emit({ type: "worker_restarting", reason, delayMs, attempt: this.history.failures, ...this.ref });
    if (this.paused) {
      this.move("wait"); // for `resume`
      this.#host.emit({ type: "worker_paused", ...this.ref });
      return;
    }
    if (delayMs === 0 && this.history.lastExit?.kind !== "spawn_failed") {
      this.start();
      return;
    }
    this.move("wait");
    this.#nextStartAtMs = this.#host.clock.nowMs() + delayMs;
    this.#cancelStart = this.#host.clock.after(delayMs, () => this.start());
  }

  #limitReached(answer: "retry" | "park" | "exit"): void {
    this.#host.emit({ type: "failure_limit_reached", failures: this.history.failures, answer, ...this.ref });
  }

  #openLimit(): void {
    if (!this.history.openLimit()) return;
    this.#limitReached("retry");
    this.#owner.limitChanged();
  }

  #closeLimit(): void {
    if (this.history.closeLimit()) this.#owner.limitChanged();
  }
}

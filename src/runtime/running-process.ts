import type { StopCause, WorkerRef } from "../core/farm/events.ts";
import { InFlight } from "../core/farm/in-flight.ts";
import type { ConsumerSpec } from "../core/farm/spec.ts";
import type { LoadMeter } from "../core/scaling/load-meter.ts";
import type { ExitReason } from "../core/supervision/exit.ts";
import type { ProcessFacts, ReplaceCause } from "../core/supervision/replace.ts";
import { resultFrame } from "../protocol/task-frames.ts";
import type { WorkerFrame } from "../protocol/worker-frames.ts";
import type { Cancel, Child, Host } from "./host.ts";
import { LoadShare } from "./load-share.ts";
import { ProcessLimits } from "./process-limits.ts";
import { SignsOfLife } from "./signs-of-life.ts";
import type { TaskPool } from "./tasks/task-pool.ts";
import type { ProcessTasks } from "./tasks/task-ports.ts";
import { type Call, WorkerCalls } from "./tasks/worker-calls.ts";

/** From the stop signal to SIGKILL for a process that did not let go of its task: nobody waits for it, and others wait for its place. */
const stuckMs = 2_000;

/** SIGKILL is sent again this often until the kernel has reaped the process. */
const killAgainMs = 1_000;

/** What its worker hears of a process beside the facts of the child. */
export interface ProcessOwner {
  /** Where its tasks come from; null when it fetches its own work. */
  readonly pool: TaskPool | null;
  /** It is past a limit or hung. */
  replace(cause: ReplaceCause): void;
  /** It has answered all its tasks. */
  idle(): void;
}

/** The process a worker has just now: what it says, how it does, and what pm has asked of it. It lives and dies with the process. */
export class RunningProcess {
  readonly child: Child;
  readonly startedAtMs: number;
  readonly inFlight: InFlight;
  /** What it is handed; null for one that fetches its own work. */
  readonly tasks: ProcessTasks | null;
  /** Why it was told to stop, or null. */
  stopCause: StopCause | null = null;
  /** How it ended: it has been reaped. Null while it runs. */
  exit: ExitReason | null = null;
  /** Done when its last frame has been heard, which may be after it was reaped. */
  whenEnded: () => void = () => {};
  readonly #host: Host;
  readonly #ref: WorkerRef;
  readonly #meter: LoadMeter;
  readonly #limits: ProcessLimits;
  readonly #spread: number;
  readonly #cancels: Cancel[] = [];
  readonly #calls: WorkerCalls;
  readonly #signs: SignsOfLife;
  readonly #load: LoadShare;
  #spec: ConsumerSpec;
  /** SIGKILL has been sent. */
  #killed = false;
  #pause: "no" | "at_idle" | "frozen" = "no";
  #ready = false;
  /** It is to be told to stop when it has answered what it has in hand. */
  #stopsAtIdle = false;

  constructor(child: Child, spec: ConsumerSpec, ref: WorkerRef, host: Host, meter: LoadMeter, owner: ProcessOwner) {
    this.child = child;
    this.startedAtMs = host.clock.nowMs();
    this.inFlight = new InFlight(this.startedAtMs);
    this.#spec = spec;
    this.#host = host;
    this.#ref = ref;
    this.#meter = meter;
    this.#spread = host.random();
    this.#calls = new WorkerCalls(host.tasks.desk);
    this.#load = new LoadShare(meter);
    this.#signs = new SignsOfLife(child, host.clock, () =>
      host.emit({ type: "ipc_error", kind: "send_failed", ...ref }),
    );
    const limited = {
      // When nobody reads pm's output, a process stands still through no fault of its own.
      isExcused: () => this.#pause === "frozen" || child.isHeldUp(),
      facts: (withMemory: boolean, excusedUntilMs: number) => this.#facts(withMemory, excusedUntilMs),
    };
    this.#limits = new ProcessLimits(limited, spec, host.clock, (cause) => owner.replace(cause));
    this.tasks = this.#attach(owner);
    this.#limits.judgeLater();
  }

  #attach(owner: ProcessOwner): ProcessTasks | null {
    const { lane } = this.child;
    const { pool } = owner;
    if (lane === null || pool === null) return null;
    const tasks = pool.attach(this.#ref.worker, lane, {
      busyChanged: (busy) => {
        this.#tasksInHand(busy);
        if (busy === 0) owner.idle();
      },
      ran: (seconds) => {
        this.inFlight.noteWork();
        this.#meter.message(seconds);
      },
      replace: (cause) => owner.replace(cause),
    });
    lane.serve(tasks);
    return tasks;
  }

  #tasksInHand(busy: number): void {
    const nowMs = this.#host.clock.nowMs();
    this.inFlight.takeSlots(busy, this.#spec.tasks?.concurrency ?? 1, nowMs);
    this.#measure(nowMs);
    if (this.exited) return;
    if (busy === 0 && this.#stopsAtIdle) this.#tellToStop();
    if (this.#pause !== "no") this.#pauseAtIdle();
    this.#limits.judgeLater();
  }

  /** It is ready: from now on it is handed tasks. */
  becomeReady(): void {
    this.#ready = true;
    this.admitTasks();
  }

  /** It is handed tasks again, unless something else speaks against it. */
  admitTasks(): void {
    if (this.#ready && this.stopCause === null && this.#pause === "no" && !this.exited) this.tasks?.open();
  }

  /** Takes what the worker says. */
  hear(frame: WorkerFrame): void {
    const nowMs = this.#host.clock.nowMs();
    this.#signs.heard();
    switch (frame.type) {
      case "message":
        this.inFlight.take(frame, nowMs);
        if (frame.event === "handled" || frame.event === "failed") this.#meter.message(frame.durationSeconds);
        this.#host.emit({ ...this.#ref, ...frame });
        break;
      case "slots":
        this.inFlight.takeSlots(frame.busy, frame.total, nowMs);
        break;
      case "progress":
        this.inFlight.noteWork();
        break;
      case "pong":
        this.#signs.answered();
        this.#host.emit({ type: "pong", ...this.#ref });
        break;
      case "call":
        this.#call(frame);
        break;
      case "cancel":
        this.#calls.callOff(frame.id);
        break;
      case "ready":
        break;
    }
    this.#measure(nowMs);
    if (this.#pause !== "no" && !this.exited) this.#pauseAtIdle();
    this.#limits.judgeLater();
  }

  /** It wants a task done by another consumer, and waits for the result. */
  #call(call: Call): void {
    const chain = this.tasks?.chain ?? [this.#ref.consumer];
    this.#calls.begin(call, chain, (said) => {
      if (!this.exited) this.child.tell(resultFrame(call.id, said));
    });
  }

  /** Asks for a sign of life; only of those that have ever spoken. */
  ping(): void {
    if (!this.#signs.spoke || this.exited || this.stopCause !== null || this.frozen) return;
    this.#signs.ask();
    this.#limits.judgeLater();
  }

  get lastPongEpochMs(): number | null {
    return this.#signs.lastPongEpochMs;
  }

  get uptimeMs(): number {
    return this.#host.clock.nowMs() - this.startedAtMs;
  }

  /** Does something after a while, unless the process has ended by then. */
  after(delayMs: number, run: () => void): void {
    this.#cancels.push(this.#host.clock.after(delayMs, run));
  }

  /**
   * Its signal now, SIGKILL to its process group at its deadline, or `capMs` from now if that is earlier. A stop already begun only takes
   * on another cause, and the cap.
   */
  stop(cause: StopCause, capMs: number | null): void {
    const first = this.stopCause === null;
    this.stopCause = cause;
    if (this.exited) return;
    if (capMs !== null) this.after(capMs, () => this.kill(false, capMs));
    if (!first) return;
    this.#limits.stop();
    this.setCounted(false);
    const { stopSignal, stopTimeoutMs } = this.#spec;
    this.#host.emit({ type: "worker_stopping", cause, signal: stopSignal, pid: this.child.pid, ...this.#ref });
    if (stopTimeoutMs > 0) this.after(stopTimeoutMs, () => this.kill(false));
    this.tasks?.close();
    const frozen = this.#pause === "frozen";
    this.#pause = "no";
    const letsGo = cause !== "task_stuck" && cause !== "task_broken";
    if (!letsGo) this.after(stuckMs, () => this.kill(false, stuckMs));
    // What it has in hand is answered first: few workers with tasks know what to do about a signal.
    if (letsGo && (this.tasks?.busy ?? 0) > 0) this.#stopsAtIdle = true;
    else this.#tellToStop();
    if (frozen) this.child.signalGroup("SIGCONT"); // else it could not obey
  }

  #tellToStop(): void {
    this.#stopsAtIdle = false;
    // The signal first: a worker that obeys the frame at once would be hit by it in its own shutdown, without a handler.
    this.child.signal(this.#spec.stopSignal);
    if (this.#signs.spoke) this.child.drain();
    this.child.lane?.finish();
  }

  /** SIGKILL to its process group, until it is reaped. `forced`: not because its deadline of `timeoutMs` is over. */
  kill(forced: boolean, timeoutMs = this.#spec.stopTimeoutMs): void {
    if (this.#killed || this.exited) return;
    this.#killed = true;
    this.#host.emit({
      type: "worker_killed",
      cause: this.stopCause ?? "shutdown",
      timeoutMs,
      pid: this.child.pid,
      forced,
      ...this.#ref,
    });
    this.#killUntilReaped();
  }

  #killUntilReaped(): void {
    this.child.killGroup();
    this.after(killAgainMs, () => this.#killUntilReaped());
  }

  /** Freezes it: at once, or when the message in hand is done where it reports its messages. */
  pause(): void {
    if (this.exited || this.stopCause !== null || this.#pause !== "no") return;
    this.#pause = "at_idle";
    this.tasks?.close();
    this.#pauseAtIdle();
  }

  /** A message it had taken before it was frozen is let through, and then it is tried again. */
  #pauseAtIdle(): void {
    const busy = (this.#signs.spoke || this.tasks !== null) && this.inFlight.busy > 0;
    if (busy && this.#pause === "frozen") {
      this.#pause = "at_idle";
      this.child.signalGroup("SIGCONT");
    } else if (!busy && this.#pause === "at_idle") {
      this.#pause = "frozen";
      this.child.signalGroup("SIGSTOP");
      this.#host.emit({ type: "worker_paused", ...this.#ref });
    }
  }

  /** Lets it go on; what it missed meanwhile is not held against it. */
  resume(): void {
    if (this.#pause === "frozen") this.child.signalGroup("SIGCONT");
    this.#pause = "no";
    this.admitTasks();
    this.#limits.excuse();
    this.#limits.judgeLater();
  }

  get frozen(): boolean {
    return this.#pause === "frozen";
  }

  /** Other limits and another way to stop hold from now on. */
  adopt(spec: ConsumerSpec): void {
    this.#spec = spec;
    this.#limits.adopt(spec.recycle, spec.liveness);
  }

  get exited(): boolean {
    return this.exit !== null;
  }

  /** No more timers: it has ended. Frames that are still on their way must not arm one again. */
  close(exit: ExitReason): void {
    this.exit = exit;
    this.tasks?.close();
    this.#measure(this.#host.clock.nowMs());
    this.#limits.stop();
    for (const cancel of this.#cancels) cancel();
    this.#calls.end();
  }

  /** Whether its load counts as its consumer's. */
  setCounted(counted: boolean): void {
    this.#load.isCounted = counted;
    this.#measure(this.#host.clock.nowMs());
  }

  #measure(nowMs: number): void {
    this.#load.tell(this.exited ? 0 : this.inFlight.busy / this.inFlight.total, nowMs);
  }

  #facts(withMemory: boolean, excusedUntilMs: number): ProcessFacts {
    const { inFlight } = this;
    const excused = (sinceMs: number | null): number | null =>
      sinceMs === null ? null : Math.max(sinceMs, excusedUntilMs);
    const watchesProgress = this.#spec.liveness.noProgressMs !== null;
    return {
      startedAtMs: this.startedAtMs,
      nowMs: this.#host.clock.nowMs(),
      memoryBytes: withMemory ? this.#host.memoryBytes(this.child.pid) : null,
      busy: inFlight.busy > 0,
      messageSinceMs: excused(inFlight.oldestSinceMs),
      idleSinceMs: inFlight.idleSinceMs,
      unansweredPingAtMs: excused(this.#signs.unansweredPingAtMs),
      lastProgressAtMs: watchesProgress ? Math.max(this.child.lastActivityMs(), excusedUntilMs) : this.startedAtMs,
      spread: this.#spread,
    };
  }
}

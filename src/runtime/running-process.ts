import type { StopCause, WorkerRef } from "../core/farm/events.ts";
import { InFlight } from "../core/farm/in-flight.ts";
import type { ConsumerSpec } from "../core/farm/spec.ts";
import type { LoadMeter } from "../core/scaling/load-meter.ts";
import type { ProcessFacts, ReplaceCause } from "../core/supervision/replace.ts";
import type { WorkerFrame } from "../protocol/worker-frames.ts";
import type { Cancel, Child, Host } from "./host.ts";
import { ProcessLimits } from "./process-limits.ts";

/** SIGKILL is sent again this often until the kernel has reaped the process. */
const killAgainMs = 1_000;

/** The process a worker has just now: what it says, how it does, and what pm has asked of it. It lives and dies with the process. */
export class RunningProcess {
  readonly child: Child;
  readonly startedAtMs: number;
  readonly inFlight: InFlight;
  /** Why it was told to stop, or null. */
  stopCause: StopCause | null = null;
  /** It has been reaped. */
  exited = false;
  /** Done when its last frame has been heard, which may be after it was reaped. */
  whenEnded: () => void = () => {};
  readonly #host: Host;
  readonly #ref: WorkerRef;
  readonly #meter: LoadMeter;
  readonly #limits: ProcessLimits;
  readonly #spread: number;
  readonly #cancels: Cancel[] = [];
  #spec: ConsumerSpec;
  /** SIGKILL has been sent. */
  #killed = false;
  /** The busy share the meter knows of. */
  #metered = 0;
  #counted = true;
  #lastPongEpochMs: number | null = null;
  #unansweredPingAtMs: number | null = null;
  #spoke = false;
  #pingHasFailed = false;
  #pause: "no" | "at_idle" | "frozen" = "no";

  /** `replace` is called when the process is past a limit or hung. */
  constructor(
    child: Child,
    spec: ConsumerSpec,
    ref: WorkerRef,
    host: Host,
    meter: LoadMeter,
    replace: (cause: ReplaceCause) => void,
  ) {
    this.child = child;
    this.startedAtMs = host.clock.nowMs();
    this.inFlight = new InFlight(this.startedAtMs);
    this.#spec = spec;
    this.#host = host;
    this.#ref = ref;
    this.#meter = meter;
    this.#spread = host.random();
    const limited = {
      // When nobody reads pm's output, a process stands still through no fault of its own.
      isExcused: () => this.#pause === "frozen" || child.isHeldUp(),
      facts: (withMemory: boolean, excusedUntilMs: number) => this.#facts(withMemory, excusedUntilMs),
    };
    this.#limits = new ProcessLimits(limited, spec, host.clock, replace);
    this.#limits.judgeLater();
  }

  /** Takes what the worker says. */
  hear(frame: WorkerFrame): void {
    const nowMs = this.#host.clock.nowMs();
    this.#spoke = true;
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
        this.#unansweredPingAtMs = null;
        this.#lastPongEpochMs = this.#host.clock.epochMs();
        this.#host.emit({ type: "pong", ...this.#ref });
        break;
      case "ready":
        break;
    }
    this.#measure(nowMs);
    if (this.#pause !== "no" && !this.exited) this.#pauseAtIdle();
    this.#limits.judgeLater();
  }

  /** Asks for a sign of life; only of those that have ever spoken, and one question at a time. */
  ping(): void {
    if (!this.#spoke || this.exited || this.stopCause !== null || this.#pause === "frozen") return;
    this.#unansweredPingAtMs ??= this.#host.clock.nowMs();
    if (!this.child.ping()) this.#pingFailed();
    this.#limits.judgeLater();
  }

  /** It has closed its end, or does not read: it owes an answer all the same. Told once. */
  #pingFailed(): void {
    if (this.#pingHasFailed) return;
    this.#pingHasFailed = true;
    this.#host.emit({ type: "ipc_error", kind: "send_failed", ...this.#ref });
  }

  get lastPongEpochMs(): number | null {
    return this.#lastPongEpochMs;
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
    // The signal first: a worker that obeys the frame at once would be hit by it in its own shutdown, without a handler.
    this.child.signal(stopSignal);
    if (this.#spoke) this.child.drain();
    if (this.#pause === "frozen") this.child.signalGroup("SIGCONT"); // else it could not obey
    this.#pause = "no";
    if (stopTimeoutMs > 0) this.after(stopTimeoutMs, () => this.kill(false));
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
    this.#pauseAtIdle();
  }

  /** A message it had taken before it was frozen is let through, and then it is tried again. */
  #pauseAtIdle(): void {
    const busy = this.#spoke && this.inFlight.busy > 0;
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

  /** No more timers: it has ended. Frames that are still on their way must not arm one again. */
  close(): void {
    this.exited = true;
    this.#measure(this.#host.clock.nowMs());
    this.#limits.stop();
    for (const cancel of this.#cancels) cancel();
  }

  /** Whether its load counts as its consumer's: a worker that is to go is no capacity, so what it does is no load. */
  setCounted(counted: boolean): void {
    this.#counted = counted;
    this.#measure(this.#host.clock.nowMs());
  }

  #measure(nowMs: number): void {
    const share = this.#counted && !this.exited ? this.inFlight.busy / this.inFlight.total : 0;
    if (share === this.#metered) return;
    this.#meter.shift(share - this.#metered, nowMs);
    this.#metered = share;
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
      unansweredPingAtMs: excused(this.#unansweredPingAtMs),
      lastProgressAtMs: watchesProgress ? Math.max(this.child.lastActivityMs(), excusedUntilMs) : this.startedAtMs,
      spread: this.#spread,
    };
  }
}

import type { StopCause, WorkerRef } from "../core/farm/events.ts";
import { InFlight } from "../core/farm/in-flight.ts";
import type { LoadMeter } from "../core/scaling/load-meter.ts";
import type { ConsumerSpec } from "../core/farm/spec.ts";
import { judgeProcess, nextJudgementMs, type ProcessFacts, type ReplaceCause } from "../core/supervision/replace.ts";
import type { WorkerFrame } from "../protocol/worker-frames.ts";
import type { Cancel, Child, Host } from "./host.ts";

/** Memory has no event, so a limit on it is looked at this often. */
const memoryIntervalMs = 5_000;

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
  /** SIGKILL has been sent. */
  killed = false;
  readonly #spec: ConsumerSpec;
  readonly #host: Host;
  readonly #ref: WorkerRef;
  readonly #replace: (cause: ReplaceCause) => void;
  readonly #meter: LoadMeter;
  /** The busy share the meter knows of. */
  #metered = 0;
  #counted = true;
  readonly #spread: number;
  readonly #hasLimits: boolean;
  #lastPongEpochMs: number | null = null;
  #unansweredPingAtMs: number | null = null;
  #spoke = false;
  #pingHasFailed = false;
  #judgeAtMs = Number.POSITIVE_INFINITY;
  /** What pm owes to itself before this instant is not held against the process. */
  #excusedUntilMs = 0;
  #cancelJudge: Cancel = () => {};
  readonly #cancels: Cancel[] = [];

  /** `replace` is called once, when the process is past a limit or hung. */
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
    this.#replace = replace;
    this.#spread = host.random();
    this.#hasLimits = [...Object.values(spec.recycle), ...Object.values(spec.liveness)].some((limit) => limit !== null);
    this.#judgeLater();
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
    this.#judgeLater();
  }

  /** Asks for a sign of life; only of those that have ever spoken, and one question at a time. */
  ping(): void {
    if (!this.#spoke || this.exited || this.stopCause !== null) return;
    this.#unansweredPingAtMs ??= this.#host.clock.nowMs();
    if (!this.child.ping()) this.#pingFailed();
    this.#judgeLater();
  }

  /** It has closed its end, or does not read: it owes an answer all the same. Told once. */
  #pingFailed(): void {
    if (this.#pingHasFailed) return;
    this.#pingHasFailed = true;
    this.#host.emit({ type: "ipc_error", kind: "send_failed", ...this.#ref });
  }

  get spoke(): boolean {
    return this.#spoke;
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

  /** No more timers: it has ended. Frames that are still on their way must not arm one again. */
  close(): void {
    this.exited = true;
    this.#measure(this.#host.clock.nowMs());
    this.stopJudging();
    for (const cancel of this.#cancels) cancel();
  }

  /** Nothing is judged any more: it has been told to stop. */
  stopJudging(): void {
    this.#cancelJudge();
    this.#judgeAtMs = Number.NEGATIVE_INFINITY;
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

  #judge(): void {
    const { recycle, liveness } = this.#spec;
    this.#judgeAtMs = Number.POSITIVE_INFINITY;
    // Its pipes are full because nobody reads pm's output: that it stands still is no fault of its own.
    if (this.child.isHeldUp()) this.#excusedUntilMs = this.#host.clock.nowMs();
    const facts = this.#facts(recycle.maxMemoryBytes !== null);
    const cause = judgeProcess(recycle, liveness, facts);
    if (cause === null) this.#judgeLater();
    else this.#replace(cause);
  }

  /** Arms the timer for the next thing that can fall due. It is only moved forward: one that comes too early just looks again. */
  #judgeLater(): void {
    if (!this.#hasLimits) return; // this is on the path of every message
    const { recycle, liveness } = this.#spec;
    const delayMs = nextJudgementMs(recycle, liveness, this.#facts(false), memoryIntervalMs);
    if (delayMs === null) return;
    const atMs = this.#host.clock.nowMs() + delayMs;
    if (atMs >= this.#judgeAtMs) return;
    this.#cancelJudge();
    this.#judgeAtMs = atMs;
    this.#cancelJudge = this.#host.clock.after(delayMs, () => this.#judge());
  }

  #excused(sinceMs: number | null): number | null {
    return sinceMs === null ? null : Math.max(sinceMs, this.#excusedUntilMs);
  }

  #facts(withMemory: boolean): ProcessFacts {
    const { inFlight } = this;
    return {
      startedAtMs: this.startedAtMs,
      nowMs: this.#host.clock.nowMs(),
      memoryBytes: withMemory ? this.#host.memoryBytes(this.child.pid) : null,
      busy: inFlight.busy > 0,
      messageSinceMs: this.#excused(inFlight.oldestSinceMs),
      idleSinceMs: inFlight.idleSinceMs,
      unansweredPingAtMs: this.#excused(this.#unansweredPingAtMs),
      lastProgressAtMs: this.#spec.liveness.noProgressMs === null ? this.startedAtMs : this.child.lastActivityMs(),
      spread: this.#spread,
    };
  }
}

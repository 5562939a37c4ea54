import type { LivenessSpec, RecycleSpec } from "../core/farm/spec.ts";
import { judgeProcess, nextJudgementMs, type ProcessFacts, type ReplaceCause } from "../core/supervision/replace.ts";
import type { Cancel, Clock } from "./host.ts";

/** Memory has no event, so a limit on it is looked at this often. */
const memoryIntervalMs = 5_000;

/** What the limits need of the process. */
export interface LimitedProcess {
  /** True while it stands still through no fault of its own. */
  isExcused(): boolean;
  /** What pm owes to itself before `excusedUntilMs` is not held against the process. */
  facts(withMemory: boolean, excusedUntilMs: number): ProcessFacts;
}

/** Watches one process for the limits at which it is replaced. */
export class ProcessLimits {
  readonly #process: LimitedProcess;
  readonly #clock: Clock;
  readonly #replace: (cause: ReplaceCause) => void;
  #recycle: RecycleSpec;
  #liveness: LivenessSpec;
  #limited: boolean;
  #judgeAtMs = Number.POSITIVE_INFINITY;
  #excusedUntilMs = 0;
  #cancel: Cancel = () => {};

  /** `replace` is called when the process is past a limit or hung. */
  constructor(
    process: LimitedProcess,
    limits: { readonly recycle: RecycleSpec; readonly liveness: LivenessSpec },
    clock: Clock,
    replace: (cause: ReplaceCause) => void,
  ) {
    this.#process = process;
    this.#clock = clock;
    this.#replace = replace;
    this.#recycle = limits.recycle;
    this.#liveness = limits.liveness;
    this.#limited = isLimited(limits.recycle, limits.liveness);
  }

  /** Other limits hold from now on. */
  adopt(recycle: RecycleSpec, liveness: LivenessSpec): void {
    this.#recycle = recycle;
    this.#liveness = liveness;
    this.#limited = isLimited(recycle, liveness);
    this.judgeLater();
  }

  /** Arms the timer for the next thing that can fall due. It is only moved forward: one that comes too early just looks again. */
  judgeLater(): void {
    if (!this.#limited) return; // this is on the path of every message
    const facts = this.#process.facts(false, this.#excusedUntilMs);
    const delayMs = nextJudgementMs(this.#recycle, this.#liveness, facts, memoryIntervalMs);
    if (delayMs === null) return;
    const atMs = this.#clock.nowMs() + delayMs;
    if (atMs >= this.#judgeAtMs) return;
    this.#cancel();
    this.#judgeAtMs = atMs;
    this.#cancel = this.#clock.after(delayMs, () => this.#judge());
  }

  /** Nothing is judged any more: it has been told to stop. */
  stop(): void {
    this.#cancel();
    this.#judgeAtMs = Number.NEGATIVE_INFINITY;
  }

  /** Its clocks start anew: it could not help standing still until now. */
  excuse(): void {
    this.#excusedUntilMs = this.#clock.nowMs();
  }

  #judge(): void {
    this.#judgeAtMs = Number.POSITIVE_INFINITY;
    if (this.#process.isExcused()) this.excuse();
    const facts = this.#process.facts(this.#recycle.maxMemoryBytes !== null, this.#excusedUntilMs);
    const cause = judgeProcess(this.#recycle, this.#liveness, facts);
    if (cause === null) this.judgeLater();
    else this.#replace(cause);
  }
}

function isLimited(recycle: RecycleSpec, liveness: LivenessSpec): boolean {
  return [...Object.values(recycle), ...Object.values(liveness)].some((limit) => limit !== null);
}

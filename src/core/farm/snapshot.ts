import type { Decision } from "../scaling/load.ts";
import type { ExitReason } from "../supervision/exit.ts";
import type { WorkerState } from "../supervision/lifecycle.ts";
import type { TaskFigures } from "../tasks/task-figures.ts";

/**
 * The read model: what health, metrics and (later) status and the autoscaler see of the farm at one instant.
 * Instants are milliseconds of the monotonic clock, but for those named `…EpochMs`.
 */
export interface FarmSnapshot {
  readonly atMs: number;
  /** `stopping` from the first stop request on. */
  readonly phase: "running" | "stopping";
  readonly totalCap: number | null;
  readonly consumers: readonly ConsumerSnapshot[];
}

export interface ConsumerSnapshot {
  readonly name: string;
  readonly transports: readonly string[];
  readonly min: number;
  readonly max: number;
  /** How many workers it should have now. */
  readonly target: number;
  /** What the autoscaler last decided; null for a consumer of a fixed size, and before the first time. */
  readonly decision: Decision | null;
  /** Why a source of the autoscaler gives no answer; null while all is well, or there is none. */
  readonly sourceFailure: string | null;
  /** True when the autoscaler has a source beside the workers themselves. */
  readonly hasSource: boolean;
  /** A worker is over its failure limit and retried at the longest delay. */
  readonly degraded: boolean;
  /** Why it has given up, or null. */
  readonly parked: string | null;
  /** Stopped by a person, all of it. */
  readonly stopped: boolean;
  /** Paused by a person, all of it. */
  readonly paused: boolean;
  /** Who decides its size. */
  readonly sizedBy: "file" | "autoscaler" | "person";
  readonly origin: "file" | "source";
  /** What is wrong with the newest definition of it, which is why an older one runs; null when all is well. */
  readonly problem: string | null;
  /** Messages handled or failed since the consumer has been there. */
  readonly messagesTotal: number;
  /** Null for a consumer whose workers fetch their own work. */
  readonly tasks: TaskFigures | null;
  readonly workers: readonly WorkerSnapshot[];
}

export interface WorkerSnapshot {
  readonly id: number;
  readonly slot: number;
  readonly state: WorkerState;
  /** Null when no process runs. */
  readonly pid: number | null;
  readonly startedAtMs: number | null;
  readonly restarts: number;
  /** When the next process starts, in `backoff`; else null. */
  readonly nextStartAtMs: number | null;
  /** Failures inside the window. */
  readonly failures: number;
  readonly lastExit: ExitReason | null;
  readonly lastExitAtMs: number | null;
  /** Frozen, or about to be; or held back from starting. */
  readonly paused: boolean;
  /** Null until the first pong of this process. */
  readonly lastPongEpochMs: number | null;
  /** Slots at work and slots in all: 0 or 1 of 1, or what the worker tells. */
  readonly busy: number;
  readonly slots: number;
  /** Messages in flight per transport. */
  readonly inFlight: Readonly<Record<string, number>>;
}

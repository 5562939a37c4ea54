import type { TaskProtocolErrorKind, TaskResult } from "./task.ts";

/** What a pool of tasks has done since it was made, and what it has now. */
export interface TaskFigures {
  /** Not begun. */
  readonly waiting: number;
  /** Handed to a worker. */
  readonly inFlight: number;
  /** How many more would be taken now. */
  readonly room: number;
  readonly accepted: number;
  readonly rejected: Readonly<Record<RejectReason, number>>;
  readonly finished: Readonly<Record<TaskResult, number>>;
  readonly retried: number;
  readonly protocolErrors: Readonly<Record<TaskProtocolErrorKind, number>>;
  /** From acceptance to the worker, and from there to the answer; in seconds. */
  readonly wait: HistogramFigures;
  readonly run: HistogramFigures;
}

/** Why a task was not accepted. */
export type RejectReason = "overloaded" | "unavailable" | "shutting_down" | "too_large" | "loop";

/** `counts[i]` are those in (bounds[i-1], bounds[i]]; the last one, beyond all bounds, makes it one longer than `bounds`. */
export interface HistogramFigures {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
  readonly sum: number;
  readonly count: number;
}

/**
 * A task: one request handed to a warm worker, and its one answer. Payloads and results are JSON texts on one line, passed on as they
 * are: pm never reads what is in them.
 */
export interface TaskRequest {
  /** JSON text without a newline. */
  readonly payload: string;
  /** From acceptance to answer; null takes that of the consumer. */
  readonly timeoutMs: number | null;
  /** Null takes that of the consumer. */
  readonly retries: number | null;
  /** Of those that wait the higher one goes first; 0 where nothing is said. */
  readonly priority: number;
  /** Two tasks of the same key are one: the second gets the answer of the first. Null: every task is its own. */
  readonly key: string | null;
  /** Consumers whose tasks are waiting for this one, outermost first; empty for a task from outside. */
  readonly chain: readonly string[];
}

/** What came of a task; each gets exactly one. */
export type TaskAnswer =
  | { readonly ok: true; readonly result: string }
  | { readonly ok: false; readonly error: TaskError };

export interface TaskError {
  readonly code: TaskErrorCode;
  /** One line for people, without a full stop. */
  readonly message: string;
  /** What the worker said beside the message: a JSON text, or null. */
  readonly details: string | null;
}

export type TaskErrorCode =
  /** The worker says so. */
  | "failed"
  /** Its worker ended, or broke the protocol, while it ran. */
  | "lost"
  | "timeout"
  /** Whoever asked went away. */
  | "cancelled"
  /** Too many wait already. */
  | "overloaded"
  /** The consumer is stopped, parked, or no longer there. */
  | "unavailable"
  | "shutting_down"
  /** Longer than `maxBytes`, it or its answer. */
  | "too_large"
  /** A call that would wait for itself, or too deep a chain of calls. */
  | "loop";

/** The `result` of `task_finished_total`: every accepted task ends as one of these. */
export type TaskResult = "ok" | Exclude<TaskErrorCode, "loop">;

/** What a worker can do wrong in handling tasks; the `kind` of `task_protocol_errors_total`. */
export type TaskProtocolErrorKind =
  /** A line that is no answer. */
  | "garbage"
  /** An answer to a task it does not have. */
  | "wrong_id"
  /** A second answer to the same task. */
  | "answered_twice"
  | "oversized"
  /** It broke off, or said what its protocol does not allow. */
  | "broken";

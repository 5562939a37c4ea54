import type { ExitReason } from "../../core/supervision/exit.ts";
import type { LaneAnswer } from "../../core/tasks/lane-answer.ts";
import type { TaskProtocolErrorKind } from "../../core/tasks/task.ts";

export type { LaneAnswer } from "../../core/tasks/lane-answer.ts";

/** Where the tasks of one process (or of one connection to a server that is there already) go. Nothing here throws or blocks. */
export interface Lane {
  /**
   * Hands a task over; `id` is unique over the life of pm. False: it cannot be talked to any more, and `broken` has been or will be told.
   * `deadlineMs` is on the clock's scale.
   */
  send(id: number, payload: string, deadlineMs: number): boolean;
  /** The answer to this task is not waited for any more: whoever does it may break it off, and still answers. */
  cancel(id: number): void;
}

/** What a lane tells of its tasks. */
export interface LaneOwner {
  /** `result` is a JSON text on one line, checked. */
  answered(id: number, answer: LaneAnswer): void;
  problem(kind: TaskProtocolErrorKind, excerpt: string): void;
  /** Nothing more can be sent, although the process may still run; tasks in hand may still be answered until `lost` of the pool is called. */
  broken(why: string): void;
}

/** The lane of a process that pm has started. */
export interface ChildLane extends Lane {
  /** Who hears of its tasks from now on; to be said before anything can have come. */
  serve(owner: LaneOwner): void;
  /** No task will follow: the process may finish what it has in hand and end. */
  finish(): void;
  /** The process has ended; what it said before may still be on its way. */
  exited(exit: ExitReason): void;
  /** What others still hold open of an ended process is read no longer. */
  abandon(): void;
}

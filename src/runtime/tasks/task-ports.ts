import type { ConsumerSpec } from "../../core/farm/spec.ts";
import type { FastcgiAddress, TaskSourceSpec } from "../../core/farm/tasks-spec.ts";
import type { TaskAnswer, TaskRequest } from "../../core/tasks/task.ts";
import type { Cancel } from "../host.ts";
import type { Lane, LaneOwner } from "./lane.ts";

/** What others may do with the tasks of the farm: the control socket, a queue, a worker that calls. Nothing here throws. */
export interface TaskDesk {
  /** The tasks of this consumer; a text says why there are none: no such consumer, or one whose workers fetch their own work. */
  pool(
    consumer: string,
  ): TaskInlet | { readonly problem: "unknown_consumer" | "takes_no_tasks"; readonly message: string };
}

/** Where tasks are handed in. */
export interface TaskInlet {
  /**
   * `settle` is called exactly once; before this returns when the task is refused. The returned function calls the task off (`cancelled`);
   * harmless when it has been answered.
   */
  submit(request: TaskRequest, settle: (answer: TaskAnswer) => void): Cancel;
  /** Longest payload. */
  readonly maxBytes: number;
  /** How many more tasks would be taken now; 1 while all are refused for another reason than want of room, so that submitting tells it. */
  readonly room: number;
  /** How many can be at work or lie ready at a worker at the same time: who keeps so many under way keeps all workers busy. */
  readonly appetite: number;
  /** Calls once, when there is room again. */
  whenRoom(run: () => void): Cancel;
}

/** The tasks of one process, as the supervisor sees them. */
export interface ProcessTasks extends LaneOwner {
  /** It gets tasks from now on. */
  open(): void;
  /** It gets no more; those it has in hand go on. */
  close(): void;
  /** It is over and its last words have been heard: what it still had in hand is lost. */
  lost(why: string): void;
  /** Tasks it has in hand. */
  readonly busy: number;
  /** Whose tasks wait for the task it has in hand, that of its own consumer last; only that one when it has none. */
  readonly chain: readonly string[];
}

/** What the supervisor hears of the tasks of one process. */
export interface ProcessTasksOwner {
  /** So many tasks are at work in it now. */
  busyChanged(busy: number): void;
  /** A task was answered after so long. */
  ran(seconds: number): void;
  /** It is to be replaced. */
  replace(cause: "task_stuck" | "task_broken" | "max_tasks"): void;
}

/** What the tasks of a consumer need of the world beside its workers. */
export interface TaskHost {
  /** Where a worker hands tasks to other consumers. */
  readonly desk: TaskDesk;
  /** A connection to a server that is there already; it is made when there is a task. */
  connect(address: FastcgiAddress, spec: ConsumerSpec, owner: LaneOwner): Lane & { close(): void };
  /** Fetches tasks from a queue, from now on. */
  openIntake(spec: ConsumerSpec, source: TaskSourceSpec, inlet: TaskInlet): Intake;
}

/** A queue whose entries become tasks. */
export interface Intake {
  /** Fetches no more; resolves when the answers that are still to come have been acknowledged. */
  stop(): Promise<void>;
  /** Entries that wait in the queue, as last seen; null when that is not known. */
  depth(): number | null;
}

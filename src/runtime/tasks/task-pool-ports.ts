import type { TaskError, TaskErrorCode, TaskProtocolErrorKind } from "../../core/tasks/task.ts";
import type { Clock } from "../host.ts";

/** What a pool of tasks needs of the world. */
export interface TaskPoolPorts {
  readonly clock: Clock;
  /** A task waits and no worker is there. */
  wanted(): void;
  /** A worker did something wrong in handling its tasks. */
  problem(worker: number, kind: TaskProtocolErrorKind, excerpt: string): void;
}

/** An answer that pm itself gives. */
export interface Refusal<Code extends TaskErrorCode> {
  readonly ok: false;
  readonly error: TaskError & { readonly code: Code };
}

export function refusal<Code extends TaskErrorCode>(code: Code, message: string): Refusal<Code> {
  return { ok: false, error: { code, message, details: null } };
}

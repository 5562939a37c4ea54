import type { OperationOutcome, OperationRequest, ReloadOutcome, Requester } from "./operations.ts";
import type { Decision } from "../scaling/load.ts";
import type { ExitReason } from "../supervision/exit.ts";
import type { ReplaceCause } from "../supervision/replace.ts";
import type { TaskProtocolErrorKind } from "../tasks/task.ts";

/** Why pm told a worker to stop. */
export type StopCause = "shutdown" | "scale_down" | "removed" | "stopped" | "parked" | AskedCause | ReplaceCause;

/** A replacement that somebody asked for: a person, or a changed configuration. */
export type AskedCause = "restart" | "reload";

/** Why a worker's process is being started again; the `reason` of `worker_restarts_total`. */
export type RestartReason =
  | "exit_success"
  | "exited_too_soon"
  | "exit_failure"
  | "signal"
  | "spawn_failed"
  | AskedCause
  | ReplaceCause;

/** Why the farm stops. */
export type ShutdownReason = "signal" | "request" | "failure_limit" | "essential" | "completed" | "internal_error";

/** What a frame from a worker can be counted as when it is not taken. */
export type IpcErrorKind = "malformed" | "oversized" | "unknown_type" | "send_failed";

/** Names one worker in an event. */
export interface WorkerRef {
  readonly worker: number;
  readonly slot: number;
  readonly consumer: string;
}

/** What a worker says of one message of its queue. */
export interface MessageFact {
  readonly event: "received" | "handled" | "failed" | "retried";
  readonly transport: string;
  readonly class: string;
  /** Tells messages apart in workers that handle several at once; null when the worker handles one at a time. */
  readonly id: string | null;
  readonly durationSeconds: number | null;
  readonly errorClass: string | null;
}

/**
 * Every fact pm can report, past tense. Logs, metrics and (later) followers of the control socket all hear the same ones.
 * Durations are milliseconds of the monotonic clock.
 */
export type PmEvent =
  | {
      readonly type: "farm_started";
      readonly workers: number;
      readonly consumers: Readonly<Record<string, readonly string[]>>;
    }
  | { readonly type: "http_listening"; readonly address: string }
  | { readonly type: "task_server_listening"; readonly address: string }
  | ({ readonly type: "worker_started"; readonly pid: number; readonly transports: readonly string[] } & WorkerRef)
  | ({ readonly type: "worker_ready"; readonly afterMs: number } & WorkerRef)
  | ({ readonly type: "worker_not_started"; readonly message: string } & WorkerRef)
  | ({
      readonly type: "worker_exited";
      readonly pid: number;
      readonly exit: ExitReason;
      readonly uptimeMs: number;
      /** What pm had asked for, or null when the worker ended by itself. */
      readonly cause: StopCause | null;
      /** True when it counts as a failure: not asked for, and not a success. */
      readonly failed: boolean;
    } & WorkerRef)
  | ({
      readonly type: "worker_restarting";
      readonly reason: RestartReason;
      /** 0: at once. */
      readonly delayMs: number;
      /** Failures of this worker inside the window, this one included; 0 after a clean exit. */
      readonly attempt: number;
    } & WorkerRef)
  | ({
      readonly type: "failure_limit_reached";
      readonly failures: number;
      readonly answer: "retry" | "park" | "exit";
    } & WorkerRef)
  | ({ readonly type: "worker_parked"; readonly exitCode: number } & WorkerRef)
  | ({ readonly type: "worker_finished"; readonly exitCode: number } & WorkerRef)
  | ({
      readonly type: "worker_stopping";
      readonly cause: StopCause;
      readonly signal: string;
      readonly pid: number;
    } & WorkerRef)
  | ({
      readonly type: "worker_killed";
      readonly cause: StopCause;
      readonly timeoutMs: number;
      readonly pid: number;
      /** True when it was not the deadline but a second signal to pm. */
      readonly forced: boolean;
    } & WorkerRef)
  | { readonly type: "consumer_degraded"; readonly consumer: string; readonly worker: number }
  | { readonly type: "consumer_recovered"; readonly consumer: string }
  | { readonly type: "consumer_parked"; readonly consumer: string; readonly reason: string }
  | ({ readonly type: "message" } & MessageFact & WorkerRef)
  /** The process ended with messages in flight. */
  | ({ readonly type: "messages_lost"; readonly transport: string; readonly count: number } & WorkerRef)
  | ({ readonly type: "pong" } & WorkerRef)
  | ({ readonly type: "ipc_error"; readonly kind: IpcErrorKind } & WorkerRef)
  /** A worker, or the server it has instead, handled its tasks as the protocol does not allow. */
  | {
      readonly type: "task_problem";
      readonly consumer: string;
      /** The id of the worker; null for a server that is no worker of pm. */
      readonly offender: number | null;
      readonly kind: TaskProtocolErrorKind;
      /** What it said this time. */
      readonly excerpt: string;
      /** How often it did so since the last time that was told, this time included. */
      readonly count: number;
    }
  | {
      readonly type: "notice";
      readonly level: "info" | "warning" | "error";
      readonly message: string;
      readonly context: Readonly<Record<string, unknown>>;
    }
  /** A person, or a program in their name, wants something; `id` ties the two together. */
  | {
      readonly type: "operation_started";
      readonly id: number;
      readonly who: Requester;
      readonly request: OperationRequest;
    }
  | {
      readonly type: "operation_ended";
      readonly id: number;
      readonly who: Requester;
      readonly request: OperationRequest;
      readonly outcome: OperationOutcome;
    }
  | { readonly type: "reloaded"; readonly who: Requester; readonly outcome: ReloadOutcome }
  | {
      readonly type: "consumer_added";
      readonly consumer: string;
      readonly transports: readonly string[];
      readonly autoscaled: boolean;
    }
  /** Its last process has gone. */
  | { readonly type: "consumer_removed"; readonly consumer: string }
  | ({ readonly type: "worker_stopped" } & WorkerRef)
  | ({ readonly type: "worker_paused" } & WorkerRef)
  | ({ readonly type: "worker_resumed" } & WorkerRef)
  /** The slot is given up: its worker id is never seen again. */
  | ({ readonly type: "worker_gone" } & WorkerRef)
  /** The program that names consumers gives no document; told when it begins and when it is over. */
  | { readonly type: "source_failed"; readonly error: string }
  | { readonly type: "source_recovered" }
  /** Its new definition is invalid; the last good one goes on, if there was one. */
  | { readonly type: "entry_rejected"; readonly consumer: string; readonly error: string; readonly kept: boolean }
  | { readonly type: "control_listening"; readonly socket: string }
  /** The autoscaler has looked at a consumer, whether or not its size changes. */
  | { readonly type: "scaling_decided"; readonly decision: Decision }
  /** A queue source or a command strategy gives no answer; told when it begins and when it is over. */
  | { readonly type: "scaling_source_failed"; readonly consumer: string; readonly error: string }
  | { readonly type: "scaling_source_recovered"; readonly consumer: string }
  | {
      readonly type: "shutting_down";
      readonly reason: ShutdownReason;
      readonly signal: string | null;
      /** Who asked for it, when it was a request. */
      readonly who?: Requester;
    }
  | { readonly type: "farm_stopped"; readonly exitCode: number };

import type { IpcErrorKind, PmEvent } from "../core/farm/events.ts";
import type { ConsumerSpec } from "../core/farm/spec.ts";
import type { ExitReason } from "../core/supervision/exit.ts";
import type { WorkerFrame } from "../protocol/worker-frames.ts";
import type { ChildLane } from "./tasks/lane.ts";
import type { TaskHost } from "./tasks/task-ports.ts";

/** Time, so that a test can move it. */
export interface Clock {
  /** Monotonic. */
  nowMs(): number;
  epochMs(): number;
  after(delayMs: number, run: () => void): Cancel;
}

/** Calls off what was to happen; harmless when it has happened. */
export type Cancel = () => void;

/** The process to start for one worker. */
export interface ChildRequest {
  readonly spec: ConsumerSpec;
  readonly workerId: number;
  readonly slot: number;
}

/**
 * What a process does, told to the worker that started it. `exited` comes once, also for one that could not run its program (`spawn_failed`);
 * `ended` after it, when all frames have been heard.
 */
export type ChildFact =
  | { readonly type: "exited"; readonly exit: ExitReason }
  | { readonly type: "ended" }
  | { readonly type: "frame"; readonly frame: WorkerFrame }
  | { readonly type: "ipc_error"; readonly kind: IpcErrorKind }
  | { readonly type: "log_ready" };

/** One OS process. */
export interface Child {
  readonly pid: number;
  /** Where its tasks go; null for one that fetches its own work. */
  readonly lane: ChildLane | null;
  /** Calls back once when it runs its program: at once when it does already, never when it cannot. */
  whenBegan(run: () => void): void;
  /** To the process alone; harmless once it is gone. */
  signal(signal: NodeJS.Signals): void;
  /** To its whole process group. */
  signalGroup(signal: NodeJS.Signals): void;
  /** SIGKILL to its whole process group, also when it is gone itself. */
  killGroup(): void;
  /** False when the frame could not be handed over. */
  ping(): boolean;
  drain(): boolean;
  /** Hands over another frame of the worker protocol, its newline included. */
  tell(frame: string): boolean;
  /** When it last wrote anything, on the clock's scale. */
  lastActivityMs(): number;
  /** True while pm does not read what it writes, since pm's own output is not read: then its silence is not its own. */
  isHeldUp(): boolean;
}

/** All that a worker needs of the world. */
export interface Host {
  readonly clock: Clock;
  /** In [0, 1). */
  random(): number;
  /** Starts a process, or says in one value why it could not, as far as that is known at once; never throws. */
  spawn(request: ChildRequest, hear: (fact: ChildFact) => void): Child | Extract<ExitReason, { kind: "spawn_failed" }>;
  /** Resident memory, or null when it cannot be read. */
  memoryBytes(pid: number): number | null;
  readonly tasks: TaskHost;
  emit(event: PmEvent): void;
}

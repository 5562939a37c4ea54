import type { LogLine, LogQuery } from "../core/farm/log-lines.ts";
import type { LogSpec } from "../core/farm/spec.ts";

/** One process whose output is to be read. */
export interface ProcessOutput {
  /** The output's from now on, which closes them. Null where stdout is no output but the answers to tasks. */
  readonly stdoutFd: number | null;
  readonly stderrFd: number;
  /** pm's end of the worker's control channel; stays the main thread's, which closes it after `ended`. */
  readonly ipcFd: number;
  readonly workerId: number;
  readonly slot: number;
  readonly pid: number;
}

/** What the processes of one definition have in common. */
export interface ProcessKind {
  readonly consumer: string;
  readonly logs: LogSpec;
  /** Lines that begin with `@spm:` are frames. */
  readonly bundleFrames: boolean;
  /** Reports `log_ready` at the first line that matches. */
  readonly readyPattern: string | null;
}

/** What the main thread tells the output thread: one JSON object a line on a pipe, so that the order is kept and epoll wakes up. */
export type ToOutput =
  /** Comes before the first process of its kind. */
  | ({
      readonly do: "kind";
      /** Names the kind; never used again. */
      readonly id: number;
      /** Index of the consumer's first counter (see counters.ts). */
      readonly counters: number;
    } & ProcessKind)
  | ({
      readonly do: "open";
      /** Names the process; never used again. */
      readonly key: number;
      /** The id of its kind. */
      readonly kind: number;
      /** Index in the table of last activity, or -1. */
      readonly activity: number;
    } & ProcessOutput)
  /** The process has been reaped: take what is left in its pipes. */
  | { readonly do: "exited"; readonly key: number }
  | TailOrder
  /** The farm stops: a reader that stands still no longer holds workers up. */
  | { readonly do: "stopping" }
  /** The main thread has caught up with the reports. */
  | { readonly do: "resume" }
  /** Nothing will be opened any more: write what is left and end. */
  | { readonly do: "finish" }
  /** Nobody waits any longer for what is left to be written. */
  | { readonly do: "hurry" };

/** What concerns the recent lines. */
export type TailOrder =
  /** The worker is gone for good. */
  | { readonly do: "forget_worker"; readonly worker: number }
  /** Report the recent lines, and with `follow` all that come after. `request` names it; never used again. */
  | { readonly do: "lines"; readonly request: number; readonly query: LogQuery; readonly follow: boolean }
  /** Whoever follows has taken the lines reported last. */
  | { readonly do: "lines_heard"; readonly request: number }
  | { readonly do: "lines_unfollow"; readonly request: number };

/** What the output thread tells the main thread, in batches of one turn of its loop. */
export type OutputReport =
  | { readonly type: "frame"; readonly key: number; readonly line: string }
  | { readonly type: "bundle_frame"; readonly key: number; readonly text: string }
  | { readonly type: "oversized"; readonly key: number }
  | { readonly type: "log_ready"; readonly key: number }
  /** Every frame of the process has been reported; its control channel may be closed. */
  | { readonly type: "ended"; readonly key: number }
  | LinesReport
  | OutputNotice
  /** The thread is done; `lostBytes` could not be written. */
  | { readonly type: "finished"; readonly lostBytes: number };

/** Lines that were asked for, and how many that came after them were lost, since whoever follows did not keep up. */
export interface LinesReport {
  readonly type: "lines";
  readonly request: number;
  readonly lines: readonly LogLine[];
  readonly lost: number;
}

/** What people should know about pm's own stdout and stderr. */
export type OutputNotice =
  /** Writing to it fails: what comes is lost until it works again. With `EPIPE` and the like it never will. */
  | { readonly type: "sink_failed"; readonly stream: "stdout" | "stderr"; readonly code: string }
  /** It works again, after it had failed with this code. */
  | { readonly type: "sink_recovered"; readonly stream: "stdout" | "stderr"; readonly code: string }
  /** So many records of pm's own log have been lost; now there is room again. */
  | { readonly type: "records_dropped"; readonly count: number };

export interface OutputBatch {
  readonly reports: readonly OutputReport[];
  /** Size of the batch, given back with `consumed` so that the thread knows how far behind the main thread is. */
  readonly bytes: number;
}

/** What the thread is started with. */
export interface OutputStart {
  readonly controlFd: number;
  readonly ownLogFd: number;
  readonly onSlowSink: "block" | "drop";
  readonly counters: SharedArrayBuffer;
  readonly activity: SharedArrayBuffer;
  /** One Float64: bytes of reports the main thread has handled so far. */
  readonly consumed: SharedArrayBuffer;
}

/**
 * The JSON documents of the control socket, version 1, and of `--json`: stable, snake_case, times as ISO 8601 in UTC, durations in
 * seconds, sizes in bytes. Members may be added; none is renamed, removed or given another meaning within a version.
 */

/** GET /v1/status */
export interface FarmStatus {
  readonly api: "v1";
  readonly version: string;
  readonly pid: number;
  /** Absolute path of the pm.yaml. */
  readonly file: string;
  readonly started_at: string;
  readonly uptime_seconds: number;
  readonly phase: "running" | "stopping";
  readonly total_cap: number | null;
  /** Address of health and metrics; null when off. */
  readonly http: string | null;
  readonly rss_bytes: number | null;
  readonly cpu_seconds: number | null;
  readonly last_reload: { readonly at: string; readonly result: string; readonly message: string } | null;
  /** The program that names consumers; null when there is none. */
  readonly source: SourceStatus | null;
  /** Null when this pm is no node of a cluster. */
  readonly cluster: ClusterStatus | null;
  readonly consumers: readonly ConsumerStatus[];
}

export interface SourceStatus {
  readonly mode: "poll" | "push";
  readonly state: "waiting" | "ok" | "failing";
  /** When it last gave a document that was taken. */
  readonly last_document_at: string | null;
  readonly error: string | null;
  readonly consumers: number;
  /** Entries whose newest definition is invalid. */
  readonly rejected: readonly { readonly consumer: string; readonly error: string; readonly kept: boolean }[];
}

export interface ClusterStatus {
  readonly self: string;
  readonly nodes: readonly string[];
  readonly by: string;
  readonly share: "consumers" | "workers";
  /** Every consumer of the farm, whoever runs it, in the order of the file. With shared workers: how many each node has. */
  readonly owners: readonly {
    readonly consumer: string;
    readonly node: string | null;
    readonly workers: Readonly<Record<string, number>> | null;
  }[];
}

export interface ConsumerStatus {
  readonly consumer: string;
  readonly transports: readonly string[];
  readonly state: "running" | "starting" | "degraded" | "parked" | "stopped" | "paused" | "draining" | "finished";
  /** Why it is not simply running, in one line; null when it is. */
  readonly why: string | null;
  readonly origin: "file" | "source";
  /** What is wrong with its newest definition, when an older one runs. */
  readonly problem: string | null;
  readonly min: number;
  readonly max: number;
  readonly target: number;
  /** What the strategy asks and the cap grants; null without an autoscaler, and before its first decision. */
  readonly desired: number | null;
  readonly allocated: number | null;
  readonly sized_by: "file" | "autoscaler" | "person";
  readonly ready: number;
  /** Workers at work now. */
  readonly busy: number;
  /** Messages waiting, where the autoscaler knows; else null. */
  readonly queue_depth: number | null;
  /** Messages handled or failed since the start of pm. */
  readonly messages_total: number;
  /** Null for a consumer whose workers fetch their own work. */
  readonly tasks: TasksStatus | null;
  readonly workers: readonly WorkerStatus[];
}

export interface TasksStatus {
  /** Accepted, and not yet handed to a worker. */
  readonly waiting: number;
  readonly in_flight: number;
  readonly accepted_total: number;
  /** By result: `ok`, `failed`, `lost`, `timeout` … */
  readonly finished_total: Readonly<Record<string, number>>;
  /** By reason: `overloaded`, `unavailable` … */
  readonly rejected_total: Readonly<Record<string, number>>;
  /** The server that does the work in place of workers; null where there are workers. */
  readonly server: { readonly address: string; readonly connections: number } | null;
}

export interface WorkerStatus {
  readonly worker: number;
  readonly slot: number;
  readonly state: "starting" | "ready" | "draining" | "backoff" | "parked" | "stopped" | "finished";
  readonly paused: boolean;
  readonly pid: number | null;
  readonly started_at: string | null;
  readonly uptime_seconds: number | null;
  readonly restarts: number;
  /** Failures within the window, and how many are allowed in it. */
  readonly failures: number;
  readonly failure_limit: number;
  readonly failure_window_seconds: number;
  readonly next_start_at: string | null;
  readonly next_start_in_seconds: number | null;
  readonly last_exit: {
    /** As a shell shows it: 0..255, 128+n for a signal. */
    readonly code: number;
    readonly signal: string | null;
    /** In words: `exit code 1`, `killed by SIGKILL`. */
    readonly text: string;
    readonly at: string;
  } | null;
  readonly busy: number;
  readonly slots: number;
  readonly in_flight: Readonly<Record<string, number>>;
  readonly rss_bytes: number | null;
  readonly cpu_seconds: number | null;
}

/** POST /v1/consumers/{consumer}/{start|stop|restart|pause|resume|scale|signal}; all members optional but where said. */
export interface OperationBody {
  readonly slot?: number;
  /** restart: N at a time, gated on readiness. */
  readonly rolling?: boolean;
  readonly max_unavailable?: number;
  /** scale: either this or `auto: true`. */
  readonly size?: number;
  readonly auto?: boolean;
  /** signal: required, with or without SIG. */
  readonly signal?: string;
  readonly group?: boolean;
  /** Default true: the answer comes when the outcome is known. */
  readonly wait?: boolean;
  readonly by?: string;
  readonly reason?: string;
}

/** The answer to an operation: 200 done, 202 accepted, 404 unknown, 409 conflict, 422 failed. */
export interface OperationAnswer {
  readonly result: "done" | "accepted" | "failed" | "unknown_consumer" | "unknown_slot" | "conflict";
  readonly message: string;
}

/** POST /v1/reload, body `{plan?: boolean, by?, reason?}`. */
export interface ReloadAnswer {
  readonly result: string;
  readonly message: string;
  readonly problems: readonly string[];
  readonly changes: readonly {
    readonly consumer: string;
    readonly kind: "added" | "removed" | "resized" | "adjusted" | "restart";
    readonly keys: readonly string[];
    readonly size_before: string | null;
    readonly size_after: string | null;
  }[];
  readonly farm_keys: readonly string[];
  readonly needs_new_start: readonly string[];
}

/** GET /v1/events[?n=100&follow=1&consumer=X]: one a line. */
export interface EventLine {
  readonly id: number;
  readonly at: string;
  readonly who: string;
  readonly kind: string;
  readonly consumer: string | null;
  readonly worker: number | null;
  readonly message: string;
  readonly why: string | null;
}

/** GET /v1/logs[?consumer=X&slot=0&worker=3&stream=stderr&level=warning&n=100&follow=1]: one a line. */
export interface LogLineDocument {
  readonly at: string;
  readonly worker: number;
  readonly slot: number;
  readonly consumer: string;
  readonly stream: "stdout" | "stderr";
  readonly level: string | null;
  readonly text: string;
}

/** In a stream of lines, in place of lines that a slow reader has lost. */
export interface LostLines {
  readonly lost: number;
}

/** GET /v1/consumers/{consumer}/explain */
export interface ExplainDocument {
  readonly consumer: string;
  /** For people. */
  readonly lines: readonly string[];
  /** The last decisions, oldest first. */
  readonly decisions: readonly {
    readonly at: string;
    readonly current: number;
    readonly busy: number;
    readonly queue_depth: number | null;
    readonly desired: number;
    readonly allocated: number;
    readonly previous: number;
    readonly target: number;
    readonly reason: string;
    readonly stages: readonly string[];
  }[];
}

/** Whatever is wrong with a request. */
export interface ErrorDocument {
  readonly error: { readonly code: string; readonly message: string };
}

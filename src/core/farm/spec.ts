import type { ScalingSpec } from "./scaling-spec.ts";
import type { TaskServerSpec, TasksSpec } from "./tasks-spec.ts";

/**
 * What a farm should be: plain values made by `config` from pm.yaml, defaults filled in, units in the names.
 * Every other part of pm reads these and nothing else of the file.
 */

/** How a signal is named everywhere in pm: as Node and Bun name it. */
export type SignalName = NodeJS.Signals;

/** The whole of one pm.yaml. */
export interface FarmSpec {
  /** Absolute path of the file this came from. */
  readonly file: string;
  /** From the stop signal to SIGKILL at shutdown, and the default of every consumer's `stopTimeoutMs`. 0 waits for ever. */
  readonly shutdownTimeoutMs: number;
  /** Most live processes at any instant, over all consumers; null is no cap. */
  readonly totalCap: number | null;
  readonly autoscalerIntervalMs: number;
  /** No scale-up while this host is short of memory, processors or processes. */
  readonly hostBrake: boolean;
  /** Where health and metrics are served; null when `http_server: false`. */
  readonly http: HttpSpec | null;
  readonly messageMetrics: MessageMetricsSpec;
  /** What happens when nobody reads pm's own stdout or stderr: slow the workers down, or drop whole lines and count them. */
  readonly onSlowSink: "block" | "drop";
  /** Where people and programs steer the running farm; null when `control: false`. */
  readonly control: ControlSpec | null;
  /** Where tasks may come in by TCP; null for nowhere. */
  readonly taskServer: TaskServerSpec | null;
  /** Whether a change of the file itself is a reload. */
  readonly reloadOnChange: boolean;
  /** A program that names more consumers; null when there is none. */
  readonly source: SourceSpec | null;
  /** Which share of the farm this node runs; null runs all of it. */
  readonly cluster: ClusterSpec | null;
  /** For all consumers; each may have more of its own. */
  readonly hooks: readonly HookSpec[];
  /** In the order of the file. */
  readonly consumers: readonly ConsumerSpec[];
}

export interface ControlSpec {
  /** Absolute path, or null for the one that follows from the file's own path. */
  readonly socket: string | null;
  /** Access rights of the socket, such as 0o600. */
  readonly mode: number;
}

/** Consumers from a program, which runs apart from the supervisor. */
export interface SourceSpec {
  readonly command: readonly string[];
  /** `poll` runs it every so often and reads one document; `push` keeps it running and takes each line as a whole document. */
  readonly mode: "poll" | "push";
  readonly intervalMs: number;
  /** Longest run of one poll. */
  readonly timeoutMs: number;
  /** Absolute. */
  readonly cwd: string;
}

/** One node of several that run the same pm.yaml, each its own share of it. */
export interface ClusterSpec {
  /** Names, unique, at least one; the same list on every node. */
  readonly nodes: readonly string[];
  /** One of them. */
  readonly self: string;
  readonly by: "rendezvous" | "modulo" | "balanced";
  /** What is shared out: whole consumers, or the workers of each. */
  readonly share: "consumers" | "workers";
}

/** What a hook can be told of. */
export type HookEvent =
  | "worker_failed"
  | "limit_reached"
  | "consumer_parked"
  | "consumer_recovered"
  | "scaled"
  | "drain_stuck"
  | "worker_killed"
  | "worker_replaced"
  | "messages_lost"
  | "reload_failed"
  | "farm_started"
  | "farm_stopping";

/** Runs a command or posts to a URL when something happens. */
export interface HookSpec {
  readonly on: HookEvent;
  readonly action:
    | { readonly kind: "command"; readonly command: readonly string[] }
    | { readonly kind: "webhook"; readonly url: string; readonly headers: Readonly<Record<string, string>> };
  readonly timeoutMs: number;
  /** At most so many runs in a period, for each consumer; what is left out is counted and told with the next one. */
  readonly limit: { readonly runs: number; readonly periodMs: number };
  /** So many of the worker's last lines of stderr are told with the event. */
  readonly stderrLines: number;
}

export interface HttpSpec {
  readonly host: string;
  /** 0 asks the kernel for a free one; the one in use is reported. */
  readonly port: number;
}

export interface MessageMetricsSpec {
  readonly enabled: boolean;
  /** Message classes allowed as a label, exact or with `*` and `?`; empty allows all. */
  readonly whitelist: readonly string[];
  /** Ascending, without repeats. */
  readonly durationBucketsSeconds: readonly number[];
}

/** A named pool of identical workers. */
export interface ConsumerSpec {
  readonly name: string;
  /** argv of a worker; the first is looked up in the worker's PATH. Empty only where `tasks.fastcgi.address` says who does the work. */
  readonly command: readonly string[];
  /** The framework whose conventions apply, or null for a plain command. */
  readonly preset: "symfony-messenger" | null;
  /** Names of the queues a worker reads, for logs and labels; empty when unknown. */
  readonly transports: readonly string[];
  readonly size: SizeSpec;
  /** Absolute. */
  readonly cwd: string;
  /** Added to (and winning over) the environment pm itself was started with. */
  readonly env: Readonly<Record<string, string>>;
  /** Numeric ids; null keeps pm's own. */
  readonly uid: number | null;
  readonly gid: number | null;
  readonly process: ProcessSpec;
  /** What all processes of the consumer may use together; null limits nothing. */
  readonly cgroup: CgroupSpec | null;
  readonly stopSignal: SignalName;
  /** From the stop signal to SIGKILL; 0 waits for ever. */
  readonly stopTimeoutMs: number;
  readonly restart: RestartSpec;
  readonly recycle: RecycleSpec;
  readonly liveness: LivenessSpec;
  readonly ready: ReadySpec;
  readonly logs: LogSpec;
  /** Null for workers that fetch their own work. */
  readonly tasks: TasksSpec | null;
  readonly hooks: readonly HookSpec[];
  /** Null for a consumer of the file. A greater one than before restarts the consumer although nothing else changed. */
  readonly mtime: number | null;
  readonly origin: "file" | "source";
}

/** How a process is set up before its program runs; what is null stays as pm has it. */
export interface ProcessSpec {
  readonly umask: number | null;
  /** -20..19. */
  readonly nice: number | null;
  readonly rlimits: Readonly<Partial<Record<LimitName, LimitSpec>>>;
  /** -1000..1000. */
  readonly oomScoreAdj: number | null;
  /** Supplementary groups as the file names them. Null keeps pm's own, or takes `userGroups` where user or group are not pm's own. */
  readonly groups: readonly number[] | null;
  /** Those that list the user as a member. */
  readonly userGroups: readonly number[];
  readonly noNewPrivileges: boolean;
}

/** The limits of a process by their names in pm.yaml, which are those of setrlimit. */
export type LimitName =
  | "nofile"
  | "nproc"
  | "core"
  | "as"
  | "cpu"
  | "data"
  | "fsize"
  | "memlock"
  | "stack"
  | "msgqueue"
  | "nice"
  | "rtprio"
  | "sigpending";

/** In the kernel's unit: bytes, seconds or a count. Null is unlimited. */
export interface LimitSpec {
  readonly soft: number | null;
  readonly hard: number | null;
}

/** Limits of a control group (v2); what is null is not limited. */
export interface CgroupSpec {
  readonly memoryMaxBytes: number | null;
  /** In processors: 1.5 is one and a half. */
  readonly cpuMax: number | null;
  readonly pidsMax: number | null;
}

export type SizeSpec =
  | { readonly kind: "static"; readonly processes: number }
  | { readonly kind: "autoscaled"; readonly min: number; readonly max: number; readonly scaling: ScalingSpec };

/** What follows when a worker's process ends. */
export interface RestartSpec {
  readonly policy: "always" | "on-failure" | "never";
  /** A clean exit earlier than this, with no work reported, is delayed like a failure. */
  readonly minUptimeMs: number;
  /** Exit codes that count as success beside 0. */
  readonly successCodes: readonly number[];
  /** Exit codes after which the worker is parked without a retry. */
  readonly neverRestartCodes: readonly number[];
  readonly failureLimit: number;
  readonly failureWindowMs: number;
  readonly backoffBaseMs: number;
  readonly backoffMaxMs: number;
  /** 0..1: the share of a delay that chance may take away. */
  readonly backoffJitter: number;
  readonly onFailureLimit: "retry" | "park" | "exit";
  /** When this consumer gives up, pm stops everything and exits 1. */
  readonly essential: boolean;
}

/** Replacement of healthy workers from outside; null is never. */
export interface RecycleSpec {
  readonly maxLifetimeMs: number | null;
  readonly maxMemoryBytes: number | null;
  readonly maxIdleMs: number | null;
}

/** Replacement of hung workers; null is never. */
export interface LivenessSpec {
  readonly pingTimeoutMs: number | null;
  readonly maxMessageTimeMs: number | null;
  readonly noProgressMs: number | null;
}

/** When a fresh worker counts as ready. */
export type ReadySpec =
  | { readonly when: "started" }
  | { readonly when: "protocol" }
  | { readonly when: "after"; readonly delayMs: number }
  | { readonly when: "log"; readonly pattern: string };

/** What is done to a worker's lines of output. */
export interface LogSpec {
  /** `auto` enriches JSON and prefixes the rest; `json` wraps the rest in JSON; `raw` touches nothing. */
  readonly format: "auto" | "json" | "raw";
  /**
   * Members added under `extra` beside `worker_id` and `consumer`: name → text in which `{worker_id}`, `{consumer}`,
   * `{slot}`, `{pid}` and `{stream}` are filled in.
   */
  readonly fields: Readonly<Record<string, string>>;
  readonly maxLineBytes: number;
  /** A line without its newline is written after this long; null waits for the newline or the worker's end. */
  readonly partialFlushMs: number | null;
}

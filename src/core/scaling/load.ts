/** What is known of one consumer when its size is decided: measured by the shell, or read from a trace. */
export interface Load {
  readonly consumer: string;
  /** Workers that are starting, ready or waiting for a restart; draining ones do not count. */
  readonly current: number;
  /** Processes alive, or about to be: starting, ready, draining, and those waiting for a restart. What the cap is about. */
  readonly live: number;
  /** Mean of busy slots since the last evaluation, in workers: 1.5 is one worker busy all the time and another half of it. */
  readonly busy: number;
  /** Messages handled or failed a second since the last evaluation. */
  readonly throughput: number;
  /** Mean seconds a message was at work, of those that ended since the last evaluation; null when none did. */
  readonly serviceSeconds: number | null;
  /** Messages waiting; null when nobody knows. */
  readonly queueDepth: number | null;
  /** Why the depth is not known although a queue strategy asks for it; null when it is, or nobody asks. */
  readonly queueFailure: string | null;
  /** What the command of a command strategy said; null when there is none, or it failed. */
  readonly commandAnswer: number | null;
  readonly commandFailure: string | null;
  /** Workers younger than the warm-up. */
  readonly warmingUp: number;
  /** Slots of one worker. */
  readonly slotsPerWorker: number;
}

/** What a consumer knows of itself; the rest of a `Load` is asked for. */
export type MeasuredLoad = Omit<Load, "queueDepth" | "queueFailure" | "commandAnswer" | "commandFailure"> & {
  /** Tasks for it that nobody has begun; null for a consumer whose workers fetch their own work. */
  readonly tasksWaiting: number | null;
};

/** What speaks against more processes on this host, all consumers alike; empty when nothing does. */
export type HostShortage = "host_memory" | "host_cpu" | "host_pids";

/** Why a target is what it is. */
export type DecisionReason =
  | "scaled_up"
  | "scaled_down"
  | "steady"
  | "cooldown_up"
  | "cooldown_down"
  | "step_cap"
  | "at_min"
  | "at_max"
  | "capped"
  | "fallback"
  | "paused"
  | HostShortage;

/** One evaluation of one consumer. */
export interface Decision {
  readonly consumer: string;
  readonly atMs: number;
  readonly current: number;
  /** Smoothed. */
  readonly busy: number;
  readonly queueDepth: number | null;
  readonly desired: number;
  readonly allocated: number;
  /** The target before. */
  readonly previous: number;
  readonly target: number;
  readonly reason: DecisionReason;
  /** What each stage said, in words with numbers, in the order of the pipeline. */
  readonly stages: readonly string[];
}

/** How the size of a consumer follows its load. The knobs of the seed stand beside those of the field (`damping`). */
export interface ScalingSpec {
  /** Under the cap the higher one is served first. */
  readonly priority: number;
  /** Time constant of the smoothed load. */
  readonly smoothingWindowMs: number;
  readonly scaleUpCooldownMs: number;
  readonly scaleDownCooldownMs: number;
  /** Most workers added, or removed, by one decision. */
  readonly scaleUpStep: number;
  readonly scaleDownStep: number;
  readonly strategy: StrategySpec;
  readonly damping: DampingSpec;
}

/** What asks for a size. */
export type StrategySpec =
  /** The minimum. */
  | { readonly type: "fixed" }
  /** A share of busy workers: beyond either threshold the size is set so that `target` of it is busy. */
  | {
      readonly type: "utilization";
      readonly target: number;
      readonly scaleUpThreshold: number;
      readonly scaleDownThreshold: number;
    }
  /** What waits: so many messages a worker, or an objective for the time a message waits. */
  | {
      readonly type: "queue";
      /** Their depths add up. */
      readonly queues: readonly (QueueSpec | OwnTasks)[];
      readonly perWorker: number | null;
      readonly maxWaitMs: number | null;
      readonly timeoutMs: number;
      readonly onFailure: FailureAnswer;
    }
  /** Floors and ceilings by the clock. */
  | { readonly type: "schedule"; readonly timeZone: string; readonly rules: readonly ScheduleRule[] }
  /** A program that reads a snapshot as JSON and prints a number: run each time, or kept running and asked line by line. */
  | {
      readonly type: "command";
      readonly command: readonly string[];
      readonly mode: "once" | "lines";
      readonly timeoutMs: number;
      readonly onFailure: FailureAnswer;
    }
  /** The largest of several. */
  | { readonly type: "max"; readonly of: readonly StrategySpec[] };

/** What is done when a source of numbers fails: keep the size, go by the busy share (target 0.7), or take a size. */
export type FailureAnswer =
  | { readonly kind: "hold" }
  | { readonly kind: "utilization" }
  | { readonly kind: "size"; readonly workers: number };

/** Holds in every minute that the expression matches. */
export interface ScheduleRule {
  /** Five fields: minute, hour, day of month, month, day of week. */
  readonly cron: string;
  readonly min: number | null;
  readonly max: number | null;
}

/** The tasks that wait in the consumer itself, which hands them to its workers: nobody needs to be asked. */
export interface OwnTasks {
  readonly kind: "tasks";
}

/** Where the number of waiting messages is read. */
export type QueueSpec =
  /** A stream counts what its group has not been given yet: what is in hand is known from the workers. */
  | { readonly kind: "redis"; readonly url: string; readonly key: string; readonly shape: "list" | "sorted_set" }
  | {
      readonly kind: "redis";
      readonly url: string;
      readonly key: string;
      readonly shape: "stream";
      readonly group: string;
    }
  /** The first column of the first row. */
  | { readonly kind: "sql"; readonly url: string; readonly query: string }
  /** The management API. */
  | { readonly kind: "rabbitmq"; readonly url: string; readonly vhost: string; readonly queue: string }
  | { readonly kind: "prometheus"; readonly url: string; readonly query: string }
  | {
      readonly kind: "http";
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
      /** Keys and indexes to the number in the JSON document. */
      readonly path: readonly (string | number)[];
    }
  /** Prints the number. */
  | { readonly kind: "command"; readonly command: readonly string[] };

/** Damping as users of Kubernetes know it. The defaults change nothing. */
export interface DampingSpec {
  /** A change of less than this share of the current size is left; 0 leaves none. */
  readonly tolerance: number;
  /** Up: the lowest wish of this window counts. 0: only the newest. */
  readonly upWindowMs: number;
  /** Down: the highest wish of this window counts. 0: only the newest. */
  readonly downWindowMs: number;
  /** Empty: the steps alone bound a change. */
  readonly upPolicies: readonly ScalePolicy[];
  readonly downPolicies: readonly ScalePolicy[];
  /** Which of several policies counts: the one that allows most, or least. */
  readonly select: "max" | "min";
  /** A worker younger than this is no capacity yet, and its load does not count. */
  readonly warmUpMs: number;
  /** Wishes of at least `threshold` × the current size go up at once, without cool-down, step or policy; no scale-down for `windowMs` after. */
  readonly panic: { readonly threshold: number; readonly windowMs: number } | null;
  /** True: the size stays as it is. */
  readonly paused: boolean;
}

/** Most change within a period. */
export interface ScalePolicy {
  readonly kind: "workers" | "percent";
  readonly value: number;
  readonly periodMs: number;
}

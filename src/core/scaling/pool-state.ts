import { type Ewma, noSample } from "./ewma.ts";

/** What is remembered of one consumer between two evaluations. */
export interface PoolState {
  readonly target: number;
  /** Of the last evaluation that had a load; null before the first. */
  readonly sampledAtMs: number | null;
  /** In workers. */
  readonly busy: Ewma;
  /** Messages a second that ended. */
  readonly throughput: Ewma;
  /** Messages a second that came. */
  readonly arrivals: Ewma;
  readonly serviceSeconds: Ewma;
  /** What waits, by age, oldest first. */
  readonly waiting: readonly Cohort[];
  /** A depth has been seen, so that the next one shows growth. */
  readonly depthKnown: boolean;
  readonly lastUpAtMs: number | null;
  readonly lastDownAtMs: number | null;
  /** Wishes within the stabilisation windows, oldest first. */
  readonly wishes: readonly Wish[];
  /** Changes of the target within the periods of the policies, oldest first. */
  readonly changes: readonly Change[];
  /** No scale-down before this. */
  readonly panicUntilMs: number | null;
}

/** Messages that have waited since about the same moment. */
export interface Cohort {
  readonly sinceMs: number;
  readonly messages: number;
}

export interface Wish {
  readonly atMs: number;
  readonly workers: number;
}

/** `by` is above 0 for growth. */
export interface Change {
  readonly atMs: number;
  readonly by: number;
}

/** A consumer of which nothing has been seen. */
export function initialPool(target: number): PoolState {
  return {
    target,
    sampledAtMs: null,
    busy: noSample,
    throughput: noSample,
    arrivals: noSample,
    serviceSeconds: noSample,
    waiting: [],
    depthKnown: false,
    lastUpAtMs: null,
    lastDownAtMs: null,
    wishes: [],
    changes: [],
    panicUntilMs: null,
  };
}

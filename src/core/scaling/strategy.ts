import type { FailureAnswer, StrategySpec } from "../farm/scaling-spec.ts";
import type { Load } from "./load.ts";
import type { PoolState } from "./pool-state.ts";
import { byBacklog, byMaxWait } from "./queue-strategy.ts";
import { bySchedule } from "./schedule.ts";
import { countsOwnTasks } from "./sources.ts";
import { byUtilization, fallbackUtilization } from "./utilization.ts";
import { clamp, wholeWorkers } from "./whole-workers.ts";

/** What a strategy may look at. */
export interface Sight {
  readonly load: Load;
  /** With the newest sample in it. */
  readonly pool: PoolState;
  /** The minimum of the pool. */
  readonly min: number;
  readonly nowMs: number;
  /** Wall clock. */
  readonly epochMs: number;
}

/** What a strategy asks for. */
export interface Wanted {
  /** Whole, at least 0; may exceed the maximum of the pool. */
  readonly desired: number;
  readonly floor: number | null;
  readonly ceiling: number | null;
  /** A source failed, and its answer to that was taken. */
  readonly fallback: boolean;
  readonly words: string;
}

/** Asks a strategy. Never throws and never answers anything but a whole number of workers. */
export function ask(strategy: StrategySpec, sight: Sight): Wanted {
  switch (strategy.type) {
    case "fixed":
      return wanted(sight.min, `fixed at ${sight.min}`);
    case "utilization":
      return utilization(strategy, sight);
    case "queue":
      return byQueue(strategy, sight);
    case "schedule": {
      const { floor, ceiling, words } = bySchedule(strategy.rules, strategy.timeZone, sight.epochMs);
      const desired = clamp(sight.min, floor ?? 0, ceiling ?? Number.POSITIVE_INFINITY);
      return { desired, floor, ceiling, fallback: false, words: `schedule: ${words}` };
    }
    case "command":
      return command(strategy.onFailure, sight);
    case "max":
      return largest(strategy.of.map((each) => ask(each, sight)));
  }
}

function utilization(rule: Parameters<typeof byUtilization>[0], { load, pool }: Sight): Wanted {
  const { desired, words } = byUtilization(rule, { ...load, busy: pool.busy ?? 0 });
  return wanted(desired, `utilization: ${words}`);
}

function byQueue(strategy: Extract<StrategySpec, { type: "queue" }>, sight: Sight): Wanted {
  const { load, pool, nowMs } = sight;
  const waiting = load.queueDepth;
  if (waiting === null)
    return failed(load.queueFailure ?? "the depth of the queue is not known", strategy.onFailure, sight);
  const seen = {
    areTasks: countsOwnTasks(strategy),
    waiting,
    cohorts: pool.waiting,
    inHand: load.busy * load.slotsPerWorker,
    serviceSeconds: pool.serviceSeconds,
    arrivals: Math.max(0, pool.arrivals ?? 0),
    slotsPerWorker: load.slotsPerWorker,
    current: load.current,
    nowMs,
  };
  const { desired, words } =
    strategy.maxWaitMs === null ? byBacklog(strategy.perWorker ?? 1, seen) : byMaxWait(strategy.maxWaitMs, seen);
  return wanted(desired, `queue: ${words}`);
}

function command(onFailure: FailureAnswer, sight: Sight): Wanted {
  const { commandAnswer, commandFailure } = sight.load;
  if (commandAnswer === null) return failed(commandFailure ?? "no answer yet", onFailure, sight);
  if (!Number.isFinite(commandAnswer)) return failed(`${commandAnswer} is not a number of workers`, onFailure, sight);
  return wanted(wholeWorkers(commandAnswer), `command: ${commandAnswer}`);
}

function failed(why: string, answer: FailureAnswer, sight: Sight): Wanted {
  const { target } = sight.pool;
  switch (answer.kind) {
    case "hold":
      return { ...wanted(target, `source failed (${why}): hold ${target}`), fallback: true };
    case "size":
      return { ...wanted(answer.workers, `source failed (${why}): ${answer.workers}`), fallback: true };
    case "utilization": {
      const { desired, words } = utilization(fallbackUtilization, sight);
      // Without a worker there is nothing to see, and nobody to notice that work has come.
      return { ...wanted(Math.max(1, desired), `source failed (${why}): ${words}`), fallback: true };
    }
  }
}

/** Floors and ceilings bound all of them together. */
function largest(answers: readonly Wanted[]): Wanted {
  const floor = Math.max(0, ...answers.map((answer) => answer.floor ?? 0));
  const ceiling = Math.min(...answers.map((answer) => answer.ceiling ?? Number.POSITIVE_INFINITY));
  const most = Math.max(0, ...answers.map(({ desired }) => desired));
  return {
    desired: Math.min(Math.max(most, floor), ceiling),
    floor: floor > 0 ? floor : null,
    ceiling: ceiling < Number.POSITIVE_INFINITY ? ceiling : null,
    fallback: answers.some(({ fallback }) => fallback),
    words: answers.map(({ words }) => words).join("; "),
  };
}

function wanted(desired: number, words: string): Wanted {
  return { desired, floor: null, ceiling: null, fallback: false, words };
}

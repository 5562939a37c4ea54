import type { Cohort } from "./pool-state.ts";
import { clamp, wholeWorkers } from "./whole-workers.ts";

/** What is known of a queue and of the pool that empties it. */
export interface QueueSight {
  /** They are tasks of the consumer's own. */
  readonly areTasks: boolean;
  /** Messages nobody has taken yet. */
  readonly waiting: number;
  /** The same by age, oldest first. */
  readonly cohorts: readonly Cohort[];
  /** Messages being handled: busy slots, the mean of the last interval. */
  readonly inHand: number;
  /** Smoothed; null until a message has ended. */
  readonly serviceSeconds: number | null;
  /** Smoothed messages a second. */
  readonly arrivals: number;
  readonly slotsPerWorker: number;
  readonly current: number;
  readonly nowMs: number;
}

interface Wish {
  readonly desired: number;
  readonly words: string;
}

/**
 * ceil((waiting + in hand) / perWorker), as KEDA counts: messages being handled need their workers too, or a pool that
 * keeps up, whose queue is short for that reason, would be shrunk for it. 0 only when there is nothing at all.
 */
export function byBacklog(perWorker: number, sight: QueueSight): Wish {
  const { waiting, inHand } = sight;
  const desired = wholeWorkers((waiting + inHand) / perWorker);
  return {
    desired,
    words: `${line(sight)} and ${inHand.toFixed(1)} in hand, ${perWorker} a worker: ${desired}`,
  };
}

/** Shares of the longest wait: more workers are taken when the line is about to pass the first, fewer when it would not reach the second. */
const [growFrom, shrinkFrom] = [0.7, 0.5];

/** The share of the objective that is planned with; the rest is for the time a worker takes to start. */
const planned = 0.9;

/**
 * The fewest slots with which no message waits longer than `maxWaitMs` = W: the larger of
 *
 * - (B + λh)·S / (gW + h) for those to come within h = W/2, B waiting now, λ the arrival rate and S the mean service time:
 *   by then the line is B + λh - nh/S long, and n slots empty it within gW, by Little's law L = λW at the rate n/S
 *   (J. D. C. Little, "A Proof for the Queuing Formula: L = λW", Operations Research 9(3), 1961). It is λS, which just keeps
 *   up, when gW is the wait already, and less for a shorter line: a worker that is missing lets a backlog grow, slowly,
 *   and comes when that needs it. So no worker stands idle in reserve. The size stays as it is between what g = 0.7
 *   and what g = 0.5 ask for: starts cost, too. The rest of W is for chance.
 * - for each age among those who wait: B·S / (0.9 W - S - age), B being those of that age and older, to start them all
 *   in time; never more than one slot for each. Newcomers stand behind them and do not count here. For a sudden backlog
 *   this is Little's law for the drain, about B·S/W, and stays at that until it is gone. One S is taken off what is left,
 *   for a slot that has just begun a message takes the next one S later. Where a twentieth of W or less is left, or they
 *   are late already, a twentieth it is.
 *
 * Limits: ages are only known to the interval between two evaluations, and the older bound is taken; an interval, a start
 * or a cool-down as long as W cannot be made up for; a mean says nothing of service times with a heavy tail; a wait
 * about as long as S or shorter leaves nothing to look ahead for, and is missed now and then.
 *
 * Until a message has ended S is not known: then one worker more than now for each evaluation in which something waits.
 */
export function byMaxWait(maxWaitMs: number, sight: QueueSight): Wish {
  const { waiting, inHand, serviceSeconds, slotsPerWorker, current } = sight;
  if (waiting <= 0 && inHand <= 0)
    return { desired: 0, words: `${sight.areTasks ? "no tasks" : "nothing"} waiting, nothing in hand` };
  const seen = `${line(sight)}, at most ${maxWaitMs / 1000} s`;
  const forEach = wholeWorkers((waiting + inHand) / slotsPerWorker);
  if (serviceSeconds === null) {
    const desired = Math.max(1, waiting > 0 ? Math.min(current + 1, forEach) : forEach);
    return { desired, words: `${seen}; how long a message takes is not known yet: ${desired}` };
  }
  const inTime = slotsInTime(maxWaitMs, serviceSeconds, sight);
  const ahead = (share: number): number =>
    wholeWorkers(slotsAhead(maxWaitMs, share, serviceSeconds, sight) / slotsPerWorker);
  const [fewest, most] = [ahead(growFrom), ahead(shrinkFrom)];
  const desired = Math.max(1, clamp(current, fewest, most), wholeWorkers(inTime / slotsPerWorker));
  const rates = `${sight.arrivals.toFixed(2)} come a second and take ${serviceSeconds.toFixed(3)} s each`;
  const need = `${fewest} to ${most} workers do for those to come, ${inTime.toFixed(2)} slots drain in time`;
  return { desired, words: `${seen}; ${rates}: ${need}: ${desired}` };
}

/** For those to come within half the longest wait; never more than one for each message. */
function slotsAhead(maxWaitMs: number, share: number, serviceSeconds: number, sight: QueueSight): number {
  const horizonSeconds = maxWaitMs / 2000;
  const messages = sight.waiting + sight.arrivals * horizonSeconds;
  const seconds = (share * maxWaitMs) / 1000 + horizonSeconds;
  return Math.min((messages * serviceSeconds) / seconds, messages + sight.inHand);
}

function slotsInTime(maxWaitMs: number, serviceSeconds: number, { cohorts, inHand, nowMs }: QueueSight): number {
  const spanMs = planned * maxWaitMs - serviceSeconds * 1000;
  let ahead = 0;
  let most = 0;
  for (const { sinceMs, messages } of cohorts) {
    ahead += messages;
    const leftMs = Math.max(sinceMs + spanMs - nowMs, maxWaitMs / 20);
    most = Math.max(most, Math.min((ahead * serviceSeconds * 1000) / leftMs, ahead + inHand));
  }
  return most;
}

function line({ waiting, areTasks }: QueueSight): string {
  return `${Math.round(waiting)} ${areTasks ? "tasks waiting" : "waiting"}`;
}

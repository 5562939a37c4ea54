import type { Cohort } from "./pool-state.ts";

/** Finer ages than this share of the objective are not kept apart, so that the list stays short. */
const ageSteps = 64;

/** What is known of a queue after another interval. */
export interface Interval {
  /** Messages that wait now. */
  readonly depth: number;
  /** Messages that came in the interval, as far as anybody knows. */
  readonly came: number;
  /** When it began. */
  readonly sinceMs: number;
  /** Those who have waited longer are all alike. */
  readonly maxWaitMs: number;
}

/**
 * What waits, by age, oldest first. A queue tells only how many wait, but messages leave it oldest first: those beyond
 * `depth` have left. Newcomers are taken to have come when the interval began, so that nobody is thought younger than
 * it is.
 */
export function age(waiting: readonly Cohort[], { depth, came, sinceMs, maxWaitMs }: Interval): readonly Cohort[] {
  let gone = Math.max(0, total(waiting) + came - depth);
  const cohorts: Cohort[] = [];
  const add = (next: Cohort): void => {
    const last = cohorts.at(-1);
    const alike = last && (next.sinceMs - last.sinceMs < maxWaitMs / ageSteps || next.sinceMs < sinceMs - maxWaitMs);
    if (alike) cohorts[cohorts.length - 1] = { ...last, messages: last.messages + next.messages };
    else cohorts.push(next);
  };
  for (const cohort of waiting) {
    const messages = Math.max(0, cohort.messages - gone);
    gone = Math.max(0, gone - cohort.messages);
    if (messages > 0) add({ sinceMs: cohort.sinceMs, messages });
  }
  // Whatever was thought to have come: those who are there count.
  const fresh = depth - total(cohorts);
  if (fresh > 0) add({ sinceMs, messages: fresh });
  return cohorts;
}

/** How many wait, of all ages. */
export function total(cohorts: readonly Cohort[]): number {
  return cohorts.reduce((sum, { messages }) => sum + messages, 0);
}

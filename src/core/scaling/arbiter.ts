import { clamp } from "./whole-workers.ts";

/** What one consumer claims of the workers that all share. */
export interface Claim {
  readonly name: string;
  /** The higher one is served first; static consumers have +Infinity. */
  readonly priority: number;
  readonly min: number;
  readonly max: number;
  readonly desired: number;
  /** Decides who keeps the odd worker. */
  readonly current: number;
}

/**
 * Everybody gets its minimum; what is left goes to one priority after the other, from the highest down. Where it does not
 * suffice for all of a priority it is divided in proportion to what they want beyond their minimum, and those below get
 * no more than theirs. Returns the workers of each consumer, or a text when the cap does not hold the minimums.
 * Nothing depends on the order of `claims`.
 */
export function arbitrate(claims: readonly Claim[], cap: number): ReadonlyMap<string, number> | string {
  const minimums = claims.reduce((sum, { min }) => sum + min, 0);
  if (minimums > cap) return `the minimums of all consumers are ${minimums} workers, more than total_cap ${cap}`;
  const allocated = new Map(claims.map(({ name, min }) => [name, min]));
  let left = cap - minimums;
  for (const group of byPriority(claims)) {
    const requests = group.map(({ name, min, max, desired, current }) => ({
      name,
      amount: clamp(desired, min, max) - min,
      current,
    }));
    for (const [name, granted] of divide(left, requests)) {
      allocated.set(name, (allocated.get(name) ?? 0) + granted);
      left -= granted;
    }
  }
  return allocated;
}

/** Groups of one priority, the highest first. */
export function byPriority<T extends { readonly priority: number }>(items: readonly T[]): readonly (readonly T[])[] {
  const priorities = [...new Set(items.map(({ priority }) => priority))].toSorted((a, b) => (a < b ? 1 : -1));
  return priorities.map((priority) => items.filter((item) => item.priority === priority));
}

/**
 * All that is requested, or `available` in proportion to it. Whole workers; the odd ones go to the largest fraction, then to
 * the largest pool, then by name.
 */
export function divide(
  available: number,
  requests: readonly { readonly name: string; readonly amount: number; readonly current: number }[],
): ReadonlyMap<string, number> {
  const total = requests.reduce((sum, { amount }) => sum + amount, 0);
  if (total <= available) return new Map(requests.map(({ name, amount }) => [name, amount]));

  const shares = requests.map((request) => {
    // Whole numbers only: a quotient of floats would lose ties that are none.
    const product = Math.max(0, available) * request.amount;
    return { ...request, share: Math.floor(product / total), rest: product % total };
  });
  let odd = available - shares.reduce((sum, { share }) => sum + share, 0);
  const order = shares.toSorted((a, b) => b.rest - a.rest || b.current - a.current || (a.name < b.name ? -1 : 1));
  return new Map(order.map(({ name, share }) => [name, odd-- > 0 ? share + 1 : share]));
}

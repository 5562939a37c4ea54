import type { Load } from "../scaling/load.ts";

/** What decides the sizes of all pools together: what is seen of them, in their order, to their targets and what decides next time. */
export type Rule = (
  seen: readonly Load[],
  nowMs: number,
) => { readonly targets: readonly number[]; readonly next: Rule };

/** What decides the size of one pool alone. */
export type PoolRule = (seen: Load, nowMs: number) => { readonly target: number; readonly next: PoolRule };

/** Between these a rule chooses. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** A rule with its name in reports, and how often it is asked. */
export interface NamedRule {
  readonly name: string;
  readonly intervalMs: number;
  readonly rule: Rule;
}

/** Every pool by a rule of its own. */
export function eachAlone(rules: readonly PoolRule[]): Rule {
  return (seen, nowMs) => {
    const found = seen.flatMap((load, index) => rules[index]?.(load, nowMs) ?? []);
    return { targets: found.map(({ target }) => target), next: eachAlone(found.map(({ next }) => next)) };
  };
}

/** Always the same size. */
export function fixedRule(workers: number): PoolRule {
  const rule: PoolRule = () => ({ target: workers, next: rule });
  return rule;
}

/** `size` within the bounds. */
export function within({ min, max }: Bounds, size: number): number {
  return Math.min(Math.max(size, min), max);
}

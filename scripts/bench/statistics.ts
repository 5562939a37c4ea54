/** What is known of some measurements of one thing; NaN where there are none. */
export interface Distribution {
  readonly count: number;
  readonly min: number;
  readonly median: number;
  readonly p99: number;
  readonly max: number;
}

/** The middle of the values, in any order; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The value that a share of all (0 to 1) lies below: one that was measured, none in between; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function distribution(values: readonly number[]): Distribution {
  return {
    count: values.length,
    min: quantile(values, 0),
    median: median(values),
    p99: quantile(values, 0.99),
    max: quantile(values, 1),
  };
}

/** What one run found, by name; a figure that there is none of is left out. */
export type Figures = Readonly<Record<string, number>>;

/** Without what is no number: a rate of nothing, a quotient by zero. */
export function finiteOnly(figures: Figures): Figures {
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => Number.isFinite(value)));
}

/** The median of each figure over all runs that have it. */
export function mediansOf(runs: readonly Figures[]): Figures {
  const names = new Set(runs.flatMap((run) => Object.keys(run)));
  return Object.fromEntries([...names].map((name) => [name, median(runs.flatMap((run) => run[name] ?? []))]));
}

/** Over and over forwards and backwards, so that a slow stretch of the machine falls on all alike. */
export function interleaved<T>(items: readonly T[], repetitions: number): readonly T[] {
  return Array.from({ length: repetitions }, (_, at) => (at % 2 === 0 ? items : items.toReversed())).flat();
}

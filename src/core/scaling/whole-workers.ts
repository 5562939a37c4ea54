/** More than this nobody means, and it stays exact. */
const most = 1_000_000_000;

/**
 * The fewest whole workers that make up `workers`; 0 for anything below it, and for what is no number.
 * Float noise does not cost a worker: 2.1 / 0.7 is 3, not 4.
 */
export function wholeWorkers(workers: number): number {
  if (!(workers > 0)) return 0;
  return Math.min(most, Math.ceil(workers - 1e-9 * Math.max(1, workers)));
}

/** `value` moved into min..max. */
export function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}

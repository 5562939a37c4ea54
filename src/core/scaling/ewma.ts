/** An exponentially weighted moving average; null before its first sample. */
export type Ewma = number | null;

/** Before any sample. Read it as 0 where a number is needed. */
export const noSample: Ewma = null;

/**
 * The first sample seeds the value. Later ones move it by alpha = 1 - e^(-dt/tau), so that a step has been followed to
 * 63 % after `tauMs` however often it was sampled. A clock that stood still or went back changes nothing.
 */
export function smooth(value: Ewma, sample: number, dtMs: number, tauMs: number): number {
  if (value === null) return sample;
  if (dtMs <= 0) return value;
  const alpha = tauMs > 0 ? 1 - Math.exp(-dtMs / tauMs) : 1;
  return alpha * sample + (1 - alpha) * value;
}

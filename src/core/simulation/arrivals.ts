import { exponential, type Random } from "./random.ts";

/** When messages come: a Poisson process whose rate is piecewise linear, and messages that come at once. */
export interface Arrivals {
  /** In order, the first at 0. Each holds until the next; the last one until the period (or, without one, the simulation) ends. */
  readonly pieces: readonly RatePiece[];
  /** In order. */
  readonly bursts: readonly Burst[];
  /** After this long all begins anew; null never. */
  readonly periodSeconds: number | null;
}

export interface RatePiece {
  readonly fromSeconds: number;
  /** Messages a second at its beginning, */
  readonly perSecond: number;
  /** and at its end. */
  readonly untilPerSecond: number;
}

export interface Burst {
  readonly atSeconds: number;
  readonly messages: number;
}

/** The times of all arrivals before `untilSeconds`, ascending. */
export function arrivalTimes(arrivals: Arrivals, untilSeconds: number, random: Random): Float64Array {
  const times: number[] = [];
  const period = arrivals.periodSeconds ?? untilSeconds;
  for (let start = 0; start < untilSeconds; start += period) {
    const end = Math.min(start + period, untilSeconds);
    arrivals.pieces.forEach((piece, index) => {
      const next = start + (arrivals.pieces[index + 1]?.fromSeconds ?? period);
      appendPiece(times, piece, start + piece.fromSeconds, next, end, random);
    });
    for (const { atSeconds, messages } of arrivals.bursts) {
      if (start + atSeconds < end) for (let each = 0; each < messages; each++) times.push(start + atSeconds);
    }
  }
  return Float64Array.from(times).toSorted();
}

/** Unit steps of the integrated rate a·x + k·x²/2, turned back into times (Çınlar's method). */
function appendPiece(
  times: number[],
  { perSecond, untilPerSecond }: RatePiece,
  from: number,
  to: number,
  end: number,
  random: Random,
): void {
  const slope = (untilPerSecond - perSecond) / (to - from);
  const whole = ((perSecond + untilPerSecond) / 2) * (to - from);
  for (let area = exponential(random); area < whole; area += exponential(random)) {
    const at = from + (2 * area) / (perSecond + Math.sqrt(Math.max(0, perSecond ** 2 + 2 * slope * area)));
    if (at >= end) return;
    times.push(at);
  }
}

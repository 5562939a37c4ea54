import type { Arrivals, RatePiece } from "./arrivals.ts";
import type { Workload } from "./work.ts";

/** A load with a name. */
export interface Scenario extends Workload {
  /** How long it is run unless somebody says otherwise. */
  readonly seconds: number;
}

const hour = 3600;

/** Straight lines between these points, over and over. */
function curve(points: readonly (readonly [atSeconds: number, perSecond: number])[], periodSeconds: number): Arrivals {
  const pieces = points.map(([fromSeconds, perSecond], index): RatePiece => {
    const [, untilPerSecond] = points[index + 1] ?? points[0] ?? [0, perSecond];
    return { fromSeconds, perSecond, untilPerSecond };
  });
  return { pieces, bursts: [], periodSeconds };
}

/**
 * The seed's demo loads (`fixture:load`): that half of their messages that goes to the scaled pool. They are repeated; failed messages
 * are tried again. And two days: one that swells towards the afternoon, and one with a rush at noon.
 */
export const scenarios = {
  steady: {
    arrivals: { pieces: [{ fromSeconds: 0, perSecond: 2, untilPerSecond: 2 }], bursts: [], periodSeconds: null },
    serviceTime: { type: "const", meanSeconds: 1 },
    failureShare: 0.05,
    seconds: hour,
  },
  burst: {
    arrivals: { pieces: [], bursts: [{ atSeconds: 0, messages: 50 }], periodSeconds: 30 },
    serviceTime: { type: "const", meanSeconds: 1.5 },
    failureShare: 0.1,
    seconds: hour,
  },
  ramp: {
    arrivals: { pieces: [{ fromSeconds: 0, perSecond: 0.5, untilPerSecond: 5 }], bursts: [], periodSeconds: 60 },
    serviceTime: { type: "const", meanSeconds: 1 },
    failureShare: 0.05,
    seconds: hour,
  },
  failures: {
    arrivals: { pieces: [{ fromSeconds: 0, perSecond: 2.5, untilPerSecond: 2.5 }], bursts: [], periodSeconds: null },
    serviceTime: { type: "const", meanSeconds: 0.5 },
    failureShare: 0.3,
    seconds: hour,
  },
  day: {
    arrivals: curve(
      [
        [0, 0.4],
        [5 * hour, 0.2],
        [9 * hour, 3],
        [12 * hour, 5],
        [15 * hour, 6],
        [18 * hour, 4],
        [22 * hour, 1],
      ],
      24 * hour,
    ),
    serviceTime: { type: "lognormal", meanSeconds: 1, sigma: 1 },
    failureShare: 0.01,
    seconds: 24 * hour,
  },
  lunch: {
    arrivals: curve(
      [
        [0, 0.1],
        [7 * hour, 0.1],
        [9 * hour, 1],
        [11.5 * hour, 1.5],
        [12 * hour, 12],
        [12.75 * hour, 12],
        [13.5 * hour, 1],
        [18 * hour, 1],
        [19 * hour, 5],
        [21 * hour, 0.5],
      ],
      24 * hour,
    ),
    serviceTime: { type: "exp", meanSeconds: 1 },
    failureShare: 0.01,
    seconds: 24 * hour,
  },
} as const satisfies Readonly<Record<string, Scenario>>;

export type ScenarioName = keyof typeof scenarios;

/** Whether `name` is one of `scenarios`. */
export function isScenarioName(name: string): name is ScenarioName {
  return Object.hasOwn(scenarios, name);
}

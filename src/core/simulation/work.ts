import { arrivalTimes, type Arrivals } from "./arrivals.ts";
import { randomFrom } from "./random.ts";
import { drawServiceTime, type ServiceTime } from "./service-time.ts";

/** What a pool is to do. */
export interface Workload {
  readonly arrivals: Arrivals;
  readonly serviceTime: ServiceTime;
  /** Share of the deliveries that fail, 0..1; they are delivered again as Symfony Messenger does by default. */
  readonly failureShare: number;
}

/** Messages by their number, in the order of their arrival: drawn before, so that every rule meets the same ones. */
export interface Work {
  /** Seconds. */
  readonly arrivesAt: Float64Array;
  readonly serviceSeconds: Float64Array;
  /** How often it fails before it goes well, or is given up. */
  readonly failures: Uint8Array;
  /** Failures and all. */
  readonly deliveries: number;
}

/** Symfony Messenger's default: three retries after 1, 2 and 4 seconds. */
const retries = 3;

/** When a message that has failed for the `failure`-th time (from 1) comes back. */
export const retryDelaySeconds = (failure: number): number => 2 ** (failure - 1);

/** The work of the first `seconds`: always the same for a seed and a stream number. */
export function drawWork(load: Workload, seconds: number, seed: number, stream: number): Work {
  const arrivesAt = arrivalTimes(load.arrivals, seconds, randomFrom(seed, 3 * stream));
  const service = randomFrom(seed, 3 * stream + 1);
  const chance = randomFrom(seed, 3 * stream + 2);
  const serviceSeconds = new Float64Array(arrivesAt.length);
  const failures = new Uint8Array(arrivesAt.length);
  let deliveries = 0;
  for (let id = 0; id < arrivesAt.length; id++) {
    serviceSeconds[id] = drawServiceTime(load.serviceTime, service);
    let failed = 0;
    if (load.failureShare > 0) while (failed <= retries && chance() < load.failureShare) failed++;
    failures[id] = failed;
    deliveries += Math.min(failed, retries) + 1;
  }
  return { arrivesAt, serviceSeconds, failures, deliveries };
}

/** Whether the `failure`-th failure of a message is its last delivery. */
export const isGivenUp = (failure: number): boolean => failure > retries;

/** How many messages a load brings on average. */
export function expectedMessages({ arrivals }: Workload, seconds: number): number {
  const period = arrivals.periodSeconds ?? seconds;
  const rates = arrivals.pieces.map(({ fromSeconds, perSecond, untilPerSecond }, index) => {
    const end = Math.min(arrivals.pieces[index + 1]?.fromSeconds ?? period, period);
    return Math.max(0, end - fromSeconds) * ((perSecond + untilPerSecond) / 2);
  });
  const bursts = arrivals.bursts.map(({ messages }) => messages);
  return [...rates, ...bursts].reduce((sum, each) => sum + each, 0) * Math.max(1, seconds / period);
}

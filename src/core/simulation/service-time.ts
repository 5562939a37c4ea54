import { exponential, normal, type Random } from "./random.ts";

/** How long a worker is at a message. */
export type ServiceTime =
  | { readonly type: "const"; readonly meanSeconds: number }
  | { readonly type: "exp"; readonly meanSeconds: number }
  /** `sigma` is the standard deviation of the logarithm: 0 is constant, 1.2 has a long tail. */
  | { readonly type: "lognormal"; readonly meanSeconds: number; readonly sigma: number };

/** One service time, in seconds. */
export function drawServiceTime(time: ServiceTime, random: Random): number {
  switch (time.type) {
    case "const":
      return time.meanSeconds;
    case "exp":
      return time.meanSeconds * exponential(random);
    case "lognormal":
      return time.meanSeconds * Math.exp(time.sigma * normal(random) - time.sigma ** 2 / 2);
  }
}

import type { ConsumerSpec } from "../core/farm/spec.ts";

/** What pm itself has open: its program, pipes, sockets, and the connections of those who look at it. */
const reserve = 128;

/** So many files pm has open for each worker: both outputs, the worker protocol, its pid. The bundle's protocol takes its input too. */
function filesOf(spec: ConsumerSpec): number {
  return spec.preset === "symfony-messenger" ? 5 : 4;
}

/** Most files that a farm of these consumers can ask pm to have open at once, and for how many workers. A total cap of null is none. */
export function openFilesNeeded(
  consumers: readonly ConsumerSpec[],
  totalCap: number | null,
): { readonly workers: number; readonly files: number } {
  const sizes = consumers.map((spec) => ({
    most: spec.size.kind === "static" ? spec.size.processes : spec.size.max,
    each: filesOf(spec),
  }));
  let left = totalCap ?? Number.POSITIVE_INFINITY;
  let [workers, files] = [0, reserve];
  for (const { most, each } of sizes.toSorted((a, b) => b.each - a.each)) {
    const counted = Math.min(most, left);
    left -= counted;
    workers += counted;
    files += counted * each;
  }
  return { workers, files };
}

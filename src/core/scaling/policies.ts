import type { ScalePolicy } from "../farm/scaling-spec.ts";
import type { Change } from "./pool-state.ts";

/**
 * How far the policies of one direction allow a pool to go now, as Kubernetes counts: from the size at the beginning of each
 * period, changes in this direction within the period used up. `select` takes the policy that allows most, or least.
 * Without policies there is no bound. Never beyond `current` in the other direction.
 */
export function policyLimit(
  current: number,
  changes: readonly Change[],
  policies: readonly ScalePolicy[],
  direction: "up" | "down",
  select: "max" | "min",
  nowMs: number,
): number {
  if (policies.length === 0) return direction === "up" ? Number.POSITIVE_INFINITY : 0;
  const sign = direction === "up" ? 1 : -1;
  const room = policies.map(({ kind, value, periodMs }) => {
    const used = changes
      .filter(({ atMs, by }) => atMs > nowMs - periodMs && by * sign > 0)
      .reduce((sum, { by }) => sum + by * sign, 0);
    const start = current - sign * used;
    // Rounded so that a percentage always allows something, also of a pool at 0.
    const most = kind === "workers" ? value : Math.ceil((Math.max(1, start) * value) / 100);
    return Math.max(0, most - used);
  });
  const allowed = select === "max" ? Math.max(...room) : Math.min(...room);
  return Math.max(0, current + sign * allowed);
}

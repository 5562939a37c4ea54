import { within, type Bounds, type PoolRule } from "./rule.ts";

/** `balanceMaxShift` */
const maxShift = 1;

/**
 * Laravel Horizon's `balance: auto` for a supervisor of one queue (`AutoScaler::scale`), to be asked every 3 s (`balanceCooldown`). Each
 * queue gets its share of `maxProcesses` by its time to clear (jobs ready × mean runtime): a queue alone has all of it as soon as
 * anything waits and the minimum when nothing does. One process is added or removed at a time.
 */
export function horizonRule(bounds: Bounds): PoolRule {
  const rule: PoolRule = ({ current, queueDepth }) => {
    const desired = (queueDepth ?? 0) > 0 ? bounds.max : bounds.min;
    return { target: within(bounds, Math.min(Math.max(desired, current - maxShift), current + maxShift)), next: rule };
  };
  return rule;
}

import { within, type Bounds, type PoolRule } from "./rule.ts";

/** The knobs of the seed that bear on its rule. */
export interface SeedKnobs {
  readonly smoothingSeconds: number;
  readonly upCooldownMs: number;
  readonly downCooldownMs: number;
  readonly upStep: number;
  readonly downStep: number;
  readonly target: number;
  readonly upThreshold: number;
  readonly downThreshold: number;
}

/** The defaults of the seed's configuration, to be asked every 10 s. */
export const seedDefaults: SeedKnobs = {
  smoothingSeconds: 30,
  upCooldownMs: 30_000,
  downCooldownMs: 300_000,
  upStep: 2,
  downStep: 1,
  target: 0.7,
  upThreshold: 0.7,
  downThreshold: 0.35,
};

interface Memory {
  readonly busy: number | null;
  readonly seenMs: number;
  readonly upMs: number;
  readonly downMs: number;
}

/**
 * The utilization rule of robotomarvin/symfony-process-manager, with its EWMA and its stability layer (`WorkerPool.setTarget`). It
 * is given busy time integrated between samples, which is kinder than the point samples of the original.
 */
export function seedRule(bounds: Bounds, knobs: SeedKnobs): PoolRule {
  return from({ busy: null, seenMs: 0, upMs: -Infinity, downMs: -Infinity });

  function from(memory: Memory): PoolRule {
    return (seen, nowMs) => {
      const weight = 1 - Math.exp(-(nowMs - memory.seenMs) / 1000 / knobs.smoothingSeconds);
      const busy = memory.busy === null ? seen.busy : weight * seen.busy + (1 - weight) * memory.busy;
      const raw = utilization(busy, seen.current, knobs);
      const previous = seen.current;
      const clamped = within(bounds, raw);
      const isUp = raw > previous && nowMs - memory.upMs >= knobs.upCooldownMs;
      const isDown = raw < previous && nowMs - memory.downMs >= knobs.downCooldownMs;
      let target = previous;
      if (isUp) target = Math.min(clamped, previous + knobs.upStep);
      if (isDown) target = Math.max(clamped, previous - knobs.downStep);
      const upMs = target > previous ? nowMs : memory.upMs;
      const downMs = target < previous ? nowMs : memory.downMs;
      return { target, next: from({ busy, seenMs: nowMs, upMs, downMs }) };
    };
  }
}

function utilization(busy: number, current: number, { target, upThreshold, downThreshold }: SeedKnobs): number {
  if (busy <= 0) return 0;
  const share = busy / Math.max(1, current);
  return share > upThreshold || share < downThreshold ? Math.ceil(busy / target) : current;
}

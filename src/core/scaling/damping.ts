import type { DampingSpec, ScalingSpec } from "../farm/scaling-spec.ts";
import type { DecisionReason, HostShortage } from "./load.ts";
import { policyLimit } from "./policies.ts";
import type { PoolState } from "./pool-state.ts";
import { clamp } from "./whole-workers.ts";

/** What a pool is asked to become, and what may stand against it. */
export interface DampingInput {
  readonly pool: PoolState;
  readonly min: number;
  readonly max: number;
  readonly scaling: ScalingSpec;
  /** What the strategy wants, whatever min and max are. */
  readonly wish: number;
  /** Most that the cap grants. */
  readonly limit: number;
  readonly nowMs: number;
  readonly shortages: readonly HostShortage[];
}

/** What damping lets through. `panic`: the wish is large enough for the panic rule. */
export interface Damped {
  readonly target: number;
  readonly reason: DecisionReason;
  readonly words: string;
  readonly panic: boolean;
}

/**
 * The seed's setTarget, with the knobs of Kubernetes around it. Each question is asked in turn and the first objection
 * is the reason: paused, window, tolerance, boundary, host, cool-down, step and policies.
 *
 * Two things differ from the seed. A down waits, beside its own cool-down, until the shorter of both cool-downs has passed
 * since the last up, so that the two do not chase each other. And the first worker of a pool that is at 0 is not held
 * back by a cool-down or a window.
 */
export function damp(input: DampingInput): Damped {
  const { pool, min, max, scaling, limit } = input;
  const previous = pool.target;
  if (scaling.damping.paused) return held(previous, "paused", "paused");
  // Only after a reload: the size is outside of its bounds, and no knob is meant to keep it there.
  if (previous < min) return moved(min, previous, `the minimum is ${min}`);
  if (previous > max) return moved(max, previous, `the maximum is ${max}`);

  const panic = isPanic(input);
  const stable = panic ? input.wish : stabilize(input);
  const wish = Math.min(stable, Math.max(limit, min));
  if (wish === previous) return { ...unmoved(input, stable), panic };

  const difference = Math.abs(wish - previous);
  if (difference < scaling.damping.tolerance * previous) {
    return {
      ...held(previous, "steady", `${difference} is within the tolerance of ${scaling.damping.tolerance}`),
      panic,
    };
  }
  return { ...(wish > previous ? up(input, wish, panic) : down(input, wish)), panic };
}

function up({ pool, max, min, scaling, nowMs, shortages }: DampingInput, wish: number, panic: boolean): Damped {
  const previous = pool.target;
  if (previous >= max) return held(previous, "at_max", `the maximum is ${max}`);
  const [shortage] = shortages;
  if (shortage !== undefined) return held(previous, shortage, `no more workers: ${shortage}`);
  const clamped = clamp(wish, min, max);
  if (panic) return moved(clamped, previous, `panic: ${clamped} at once`);
  const leftMs = previous === 0 ? 0 : remaining(pool.lastUpAtMs, scaling.scaleUpCooldownMs, nowMs);
  if (leftMs > 0) return held(previous, "cooldown_up", `the last scale-up was too recent: ${seconds(leftMs)} to go`);

  const { upPolicies, select } = scaling.damping;
  const allowed = Math.min(
    previous + scaling.scaleUpStep,
    policyLimit(previous, pool.changes, upPolicies, "up", select, nowMs),
  );
  const target = Math.min(clamped, allowed);
  if (target <= previous) return held(previous, "step_cap", "the policies allow no more in this period");
  return moved(target, previous, target < clamped ? `${clamped} wanted, at most ${allowed} in this step` : "");
}

function down({ pool, max, min, scaling, nowMs }: DampingInput, wish: number): Damped {
  const previous = pool.target;
  if (previous <= min) return held(previous, "at_min", `the minimum is ${min}`);
  if (pool.panicUntilMs !== null && nowMs < pool.panicUntilMs) {
    return held(previous, "cooldown_down", `no scale-down after a panic: ${seconds(pool.panicUntilMs - nowMs)} to go`);
  }
  const { scaleUpCooldownMs, scaleDownCooldownMs } = scaling;
  const sinceDownMs = remaining(pool.lastDownAtMs, scaleDownCooldownMs, nowMs);
  const sinceUpMs = remaining(pool.lastUpAtMs, Math.min(scaleUpCooldownMs, scaleDownCooldownMs), nowMs);
  const leftMs = Math.max(sinceDownMs, sinceUpMs);
  if (leftMs > 0) {
    const which = sinceDownMs >= sinceUpMs ? "scale-down" : "scale-up";
    return held(previous, "cooldown_down", `the last ${which} was too recent: ${seconds(leftMs)} to go`);
  }

  const { downPolicies, select } = scaling.damping;
  const clamped = clamp(wish, min, max);
  const allowed = Math.max(
    previous - scaling.scaleDownStep,
    policyLimit(previous, pool.changes, downPolicies, "down", select, nowMs),
  );
  const target = Math.max(clamped, allowed);
  if (target >= previous) return held(previous, "step_cap", "the policies allow no fewer in this period");
  return moved(target, previous, target > clamped ? `${clamped} wanted, at least ${allowed} in this step` : "");
}

/** The size a steady view of the wishes asks for: not above the lowest of one window, not below the highest of the other. */
function stabilize({ pool, scaling, wish, nowMs }: DampingInput): number {
  const { upWindowMs, downWindowMs } = scaling.damping;
  const within = (windowMs: number) =>
    pool.wishes.filter(({ atMs }) => atMs > nowMs - windowMs).map(({ workers }) => workers);
  const lowest = Math.min(wish, ...within(upWindowMs));
  const highest = Math.max(wish, ...within(downWindowMs));
  if (pool.target === 0 && wish > 0) return Math.max(1, lowest);
  return clamp(pool.target, lowest, highest);
}

function isPanic({ pool, min, max, scaling, wish }: DampingInput): boolean {
  const { panic } = scaling.damping;
  return panic !== null && wish > pool.target && clamp(wish, min, max) >= panic.threshold * Math.max(1, pool.target);
}

function unmoved({ pool, wish, limit }: DampingInput, stable: number): Damped {
  if (stable > pool.target) return held(pool.target, "capped", `the cap grants ${limit}`);
  if (wish < pool.target)
    return held(pool.target, "cooldown_down", `a wish for ${pool.target} is still within the window`);
  if (wish > pool.target)
    return held(pool.target, "cooldown_up", `a wish for no more than ${pool.target} is still within the window`);
  return held(pool.target, "steady", "");
}

/** Forgets what no window and no period can ask for any more. */
export function recent<T extends { readonly atMs: number }>(
  items: readonly T[],
  longestMs: number,
  nowMs: number,
): readonly T[] {
  return items.filter(({ atMs }) => atMs > nowMs - longestMs);
}

/** How far back the history of a pool must reach. */
export function memoryMs(damping: DampingSpec): { readonly wishesMs: number; readonly changesMs: number } {
  const periods = [...damping.upPolicies, ...damping.downPolicies].map(({ periodMs }) => periodMs);
  return { wishesMs: Math.max(damping.upWindowMs, damping.downWindowMs), changesMs: Math.max(0, ...periods) };
}

function remaining(lastAtMs: number | null, cooldownMs: number, nowMs: number): number {
  return lastAtMs === null ? 0 : Math.max(0, lastAtMs + cooldownMs - nowMs);
}

function held(target: number, reason: DecisionReason, words: string): Damped {
  return { target, reason, words, panic: false };
}

function moved(target: number, previous: number, words: string): Damped {
  return { target, reason: target > previous ? "scaled_up" : "scaled_down", words, panic: false };
}

const seconds = (ms: number): string => `${Number((ms / 1000).toFixed(1))} s`;

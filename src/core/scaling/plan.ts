import type { ScalingSpec } from "../farm/scaling-spec.ts";
import type { SizeSpec } from "../farm/spec.ts";
import { arbitrate } from "./arbiter.ts";
import { damp, type Damped, memoryMs, recent } from "./damping.ts";
import { type Grant, grantGrowth } from "./grants.ts";
import { initialSize } from "./initial-size.ts";
import type { Decision, DecisionReason, HostShortage, Load } from "./load.ts";
import { observe } from "./observe.ts";
import { plausible } from "./plausible-load.ts";
import { initialPool, type PoolState } from "./pool-state.ts";
import { ask, type Wanted } from "./strategy.ts";
import { clamp } from "./whole-workers.ts";

/** A consumer as the planner sees it. Static ones take part too: they hold their slots under the cap. */
export interface PlannedConsumer {
  readonly name: string;
  readonly size: SizeSpec;
}

/** All that is remembered between two evaluations. */
export interface PlanState {
  readonly pools: ReadonlyMap<string, PoolState>;
}

/** What one evaluation looks at. */
export interface PlanInput {
  /** In the order of the file. */
  readonly consumers: readonly PlannedConsumer[];
  /** Of the interval that ends now; a consumer without one keeps its target. */
  readonly loads: ReadonlyMap<string, Load>;
  readonly state: PlanState;
  readonly totalCap: number | null;
  /** Monotonic, or virtual. */
  readonly nowMs: number;
  /** Wall clock, for schedules only. */
  readonly epochMs: number;
  readonly shortages: readonly HostShortage[];
}

/** What one evaluation decides. */
export interface PlanResult {
  readonly state: PlanState;
  /** One for each consumer, in the order of the file. */
  readonly decisions: readonly Decision[];
}

/** Every consumer at the size it starts with. */
export function initialState(consumers: readonly PlannedConsumer[]): PlanState {
  return { pools: new Map(consumers.map(({ name, size }) => [name, initialPool(initialSize(size))])) };
}

/**
 * One evaluation of all consumers at once: sample → smooth → strategy → arbiter → damping → growth from free slots.
 * The caller starts and drains what the targets say; it may start at once, for no instant has more than `totalCap`
 * processes as long as the minimums fit.
 */
export function plan(input: PlanInput): PlanResult {
  const { nowMs, totalCap } = input;
  const asked = input.consumers.map((consumer) => consult(consumer, input));
  const allocated = allocate(asked, totalCap);
  const damped = asked.map((each) => dampOne(each, allocated.get(each.name) ?? each.min, input));
  const grants = totalCap === null ? null : grantGrowth(damped, totalCap);
  const grantOf = ({ name }: DampedOne) => grants?.get(name) ?? null;
  return {
    state: { pools: new Map(damped.map((each) => [each.name, remember(each, grantOf(each), nowMs)])) },
    decisions: damped.map((each) => decide(each, grantOf(each), nowMs)),
  };
}

/** A consumer after its strategy was asked. */
interface Asked {
  readonly name: string;
  readonly priority: number;
  readonly min: number;
  readonly max: number;
  /** Null for a static one. */
  readonly scaling: ScalingSpec | null;
  readonly pool: PoolState;
  readonly load: Load | null;
  readonly wanted: Wanted;
  readonly current: number;
  readonly live: number;
  /** Its size does not follow from the load now. */
  readonly fixed: boolean;
}

function consult({ name, size }: PlannedConsumer, { loads, state, nowMs, epochMs }: PlanInput): Asked {
  const before = state.pools.get(name) ?? initialPool(initialSize(size));
  const measured = loads.get(name);
  const load = measured ? plausible(measured) : null;
  const current = load?.current ?? before.target;
  const shared = { name, load, current, live: load?.live ?? current };
  if (size.kind === "static") {
    const { processes } = size;
    const pool = { ...before, busy: load?.busy ?? before.busy };
    const wanted = hold(processes, "");
    return {
      ...shared,
      priority: Number.POSITIVE_INFINITY,
      min: processes,
      max: processes,
      scaling: null,
      pool,
      wanted,
      fixed: true,
    };
  }
  const { min, max, scaling } = size;
  const pool = load ? observe(before, load, scaling, nowMs) : before;
  const wanted = load ? ask(scaling.strategy, { load, pool, min, nowMs, epochMs }) : hold(pool.target, "not measured");
  const fixed = scaling.damping.paused || load === null;
  return { ...shared, priority: scaling.priority, min, max, scaling, pool, wanted, fixed };
}

function hold(desired: number, words: string): Wanted {
  return { desired, floor: null, ceiling: null, fallback: false, words };
}

/** What the cap grants each; without one, all that lies within the bounds. */
function allocate(asked: readonly Asked[], totalCap: number | null): ReadonlyMap<string, number> {
  if (totalCap !== null) {
    const claims = asked.map((each) => {
      if (!each.fixed || each.scaling === null) return { ...each, desired: each.wanted.desired };
      const { target } = each.pool;
      return { ...each, priority: Number.POSITIVE_INFINITY, min: target, max: target, desired: target };
    });
    const allocated = arbitrate(claims, totalCap);
    // A farm file whose minimums exceed the cap is refused; should it happen all the same, nothing moves.
    return typeof allocated === "string" ? new Map(asked.map(({ name, pool }) => [name, pool.target])) : allocated;
  }
  return new Map(asked.map(({ name, wanted, min, max }) => [name, clamp(wanted.desired, min, max)]));
}

interface DampedOne extends Asked {
  readonly previous: number;
  readonly proposed: number;
  readonly allocated: number;
  readonly damped: Damped;
  /** The cap grants less than what is wanted within the bounds. */
  readonly capped: boolean;
}

function dampOne(asked: Asked, allocated: number, { nowMs, shortages }: PlanInput): DampedOne {
  const { pool, min, max, scaling, wanted } = asked;
  const previous = pool.target;
  const capped = !asked.fixed && allocated < clamp(wanted.desired, min, max);
  const damped: Damped =
    scaling === null || asked.load === null
      ? { target: scaling === null ? min : previous, reason: "steady", words: "", panic: false }
      : capped && allocated < previous
        ? { target: allocated, reason: "scaled_down", words: "gives way to others under the cap", panic: false }
        : damp({
            pool,
            min,
            max,
            scaling,
            wish: wanted.desired,
            limit: capped ? allocated : Number.POSITIVE_INFINITY,
            nowMs,
            shortages,
          });
  return { ...asked, previous, proposed: damped.target, allocated, damped, capped };
}

function decide(pooled: DampedOne, grant: Grant | null, nowMs: number): Decision {
  const { name, current, pool, load, wanted, allocated, previous, proposed } = pooled;
  return {
    consumer: name,
    atMs: nowMs,
    current,
    busy: pool.busy ?? 0,
    queueDepth: load?.queueDepth ?? null,
    desired: wanted.desired,
    allocated,
    previous,
    target: grant?.target ?? proposed,
    reason: reasonOf(pooled, grant),
    stages: stagesOf(pooled, grant),
  };
}

function reasonOf({ damped, previous, wanted }: DampedOne, grant: Grant | null): DecisionReason {
  const target = grant?.target ?? damped.target;
  if (target > previous) return "scaled_up";
  if (target < previous) return "scaled_down";
  if (grant?.short) return "capped";
  return wanted.fallback && damped.reason === "steady" ? "fallback" : damped.reason;
}

function stagesOf({ wanted, capped, allocated, damped, proposed }: DampedOne, grant: Grant | null): readonly string[] {
  return [
    wanted.words,
    capped ? `cap: ${allocated} of ${wanted.desired} granted` : "",
    damped.words === "" ? "" : `damping: ${damped.words}`,
    grant?.short ? `cap: ${proposed} wanted now, ${grant.target} until slots are free` : "",
    grant?.preempted ? `cap: gives way to ${grant.target}, others wait for the slots` : "",
  ].filter((words) => words !== "");
}

function remember(
  { pool, scaling, previous, proposed, damped, wanted, load }: DampedOne,
  grant: Grant | null,
  nowMs: number,
): PoolState {
  const target = grant?.target ?? proposed;
  if (scaling === null || load === null) return { ...pool, target };
  const { wishesMs, changesMs } = memoryMs(scaling.damping);
  const wish = { atMs: nowMs, workers: wanted.desired };
  const change = { atMs: nowMs, by: target - previous };
  const windowMs = scaling.damping.panic?.windowMs ?? 0;
  return {
    ...pool,
    target,
    lastUpAtMs: target > previous ? nowMs : pool.lastUpAtMs,
    lastDownAtMs: target < previous ? nowMs : pool.lastDownAtMs,
    wishes: wishesMs > 0 ? recent([...pool.wishes, wish], wishesMs, nowMs) : [],
    changes: recent(target === previous ? pool.changes : [...pool.changes, change], changesMs, nowMs),
    panicUntilMs: damped.panic ? nowMs + windowMs : pool.panicUntilMs,
  };
}

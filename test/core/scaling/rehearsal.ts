import type { ScalingSpec, StrategySpec } from "../../../src/core/farm/scaling-spec.ts";
import type { Decision, HostShortage, Load } from "../../../src/core/scaling/load.ts";
import { initialState, plan, type PlannedConsumer, type PlanState } from "../../../src/core/scaling/plan.ts";
import { scalingSpec } from "../../support/specs.ts";

/** An autoscaled consumer; `changes` are of its knobs. */
export function pool(name: string, min: number, max: number, changes: Partial<ScalingSpec> = {}): PlannedConsumer {
  return { name, size: { kind: "autoscaled", min, max, scaling: scalingSpec(changes) } };
}

/** Asks for what the test says each time. */
export const told: StrategySpec = {
  type: "command",
  command: ["x"],
  mode: "once",
  timeoutMs: 1,
  onFailure: { kind: "hold" },
};

/** Nothing to see, with `changes`. */
export function quiet(consumer: string, current: number, changes: Partial<Load> = {}): Load {
  return {
    consumer,
    current,
    live: current,
    busy: 0,
    throughput: 0,
    serviceSeconds: null,
    queueDepth: null,
    queueFailure: null,
    commandAnswer: null,
    commandFailure: null,
    warmingUp: 0,
    slotsPerWorker: 1,
    ...changes,
  };
}

/** Runs the planner over time as a shell that obeys at once, unless a load says otherwise. */
export class Rehearsal {
  #state: PlanState;
  readonly #consumers: readonly PlannedConsumer[];
  readonly #totalCap: number | null;

  constructor(consumers: readonly PlannedConsumer[], totalCap: number | null = null) {
    this.#consumers = consumers;
    this.#totalCap = totalCap;
    this.#state = initialState(consumers);
  }

  target(name: string): number {
    return this.#state.pools.get(name)?.target ?? 0;
  }

  /** One evaluation; `loads` change what is quiet else. */
  at(
    seconds: number,
    loads: Readonly<Record<string, Partial<Load>>> = {},
    shortages: readonly HostShortage[] = [],
  ): Decision[] {
    const all = this.#consumers.map(({ name }) => quiet(name, this.target(name), loads[name]));
    const { state, decisions } = plan({
      consumers: this.#consumers,
      loads: new Map(all.map((load) => [load.consumer, load])),
      state: this.#state,
      totalCap: this.#totalCap,
      nowMs: seconds * 1000,
      epochMs: seconds * 1000,
      shortages,
    });
    this.#state = state;
    return [...decisions];
  }

  /** What becomes of a lone `told` pool that is asked to be of a size: its target and the reason. */
  ask(seconds: number, workers: number, shortages: readonly HostShortage[] = []): [target: number, reason: string] {
    const name = this.#consumers[0]?.name ?? "";
    const [decision] = this.at(seconds, { [name]: { commandAnswer: workers } }, shortages);
    return [decision?.target ?? Number.NaN, decision?.reason ?? ""];
  }
}

import type { Decision, Load } from "../../../src/core/scaling/load.ts";
import { initialState, plan, type PlannedConsumer, type PlanState } from "../../../src/core/scaling/plan.ts";
import { quiet } from "./rehearsal.ts";

/** Starts what the plan says at once; what it gives up drains for `drainSeconds` before its process is gone. */
export class Shell {
  /** Most processes that were ever alive at once. */
  most = 0;
  #state: PlanState;
  readonly #draining = new Map<string, readonly number[]>();
  readonly #consumers: readonly PlannedConsumer[];
  readonly #cap: number;
  readonly #drainSeconds: number;

  constructor(consumers: readonly PlannedConsumer[], cap: number, drainSeconds: number) {
    this.#consumers = consumers;
    this.#cap = cap;
    this.#drainSeconds = drainSeconds;
    this.#state = initialState(consumers);
    this.#count();
  }

  target(name: string): number {
    return this.#state.pools.get(name)?.target ?? 0;
  }

  /** `wishes` are what a `told` strategy hears. */
  evaluate(second: number, wishes: Readonly<Record<string, number>>): readonly Decision[] {
    for (const [name, ends] of this.#draining)
      this.#draining.set(
        name,
        ends.filter((end) => end > second),
      );
    const loads = new Map<string, Load>(
      this.#consumers.map(({ name }) => {
        const current = this.target(name);
        const live = current + (this.#draining.get(name)?.length ?? 0);
        return [name, quiet(name, current, { live, commandAnswer: wishes[name] ?? 0 })];
      }),
    );
    const { state, decisions } = plan({
      consumers: this.#consumers,
      loads,
      state: this.#state,
      totalCap: this.#cap,
      nowMs: second * 1000,
      epochMs: 0,
      shortages: [],
    });
    this.#state = state;
    for (const { consumer, previous, target } of decisions) {
      const given = Array.from({ length: Math.max(0, previous - target) }, () => second + this.#drainSeconds);
      this.#draining.set(consumer, [...(this.#draining.get(consumer) ?? []), ...given]);
    }
    this.#count();
    return decisions;
  }

  #count(): void {
    const live = this.#consumers.reduce(
      (sum, { name }) => sum + this.target(name) + (this.#draining.get(name)?.length ?? 0),
      0,
    );
    this.most = Math.max(this.most, live);
  }
}

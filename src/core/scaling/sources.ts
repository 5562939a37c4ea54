import type { StrategySpec } from "../farm/scaling-spec.ts";

type QueueStrategy = Extract<StrategySpec, { type: "queue" }>;
type CommandStrategy = Extract<StrategySpec, { type: "command" }>;

/** The queue strategy in a strategy, itself or one of several; null when there is none. */
export function queueStrategyOf(strategy: StrategySpec): QueueStrategy | null {
  return all(strategy).find((each): each is QueueStrategy => each.type === "queue") ?? null;
}

/** The command strategy in a strategy, itself or one of several; null when there is none. */
export function commandStrategyOf(strategy: StrategySpec): CommandStrategy | null {
  return all(strategy).find((each): each is CommandStrategy => each.type === "command") ?? null;
}

/** True when something beside the workers themselves must be asked. */
export function hasSource(strategy: StrategySpec): boolean {
  return queueStrategyOf(strategy) !== null || commandStrategyOf(strategy) !== null;
}

function all(strategy: StrategySpec): readonly StrategySpec[] {
  return strategy.type === "max" ? strategy.of : [strategy];
}

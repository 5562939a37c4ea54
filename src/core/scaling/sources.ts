import type { QueueSpec, StrategySpec } from "../farm/scaling-spec.ts";

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
  const asksQueue = queueStrategyOf(strategy) !== null && !countsOwnTasks(strategy);
  return asksQueue || commandStrategyOf(strategy) !== null;
}

/** The queues of the queue strategy that are asked over the wire. */
export function outsideQueues(strategy: StrategySpec): readonly QueueSpec[] {
  return queueStrategyOf(strategy)?.queues.filter((queue) => queue.kind !== "tasks") ?? [];
}

/** True when the tasks that wait in the consumer itself are among what its queue strategy counts. */
export function countsOwnTasks(strategy: StrategySpec): boolean {
  return queueStrategyOf(strategy)?.queues.some(({ kind }) => kind === "tasks") ?? false;
}

function all(strategy: StrategySpec): readonly StrategySpec[] {
  return strategy.type === "max" ? strategy.of : [strategy];
}

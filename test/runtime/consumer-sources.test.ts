import { describe, expect, test } from "bun:test";
import type { StrategySpec } from "../../src/core/farm/scaling-spec.ts";
import { openConsumerSources } from "../../src/runtime/consumer-sources.ts";
import { autoscaled, consumerSpec, tasksSpec } from "../support/specs.ts";

const queue = (queues: Extract<StrategySpec, { type: "queue" }>["queues"]): StrategySpec => ({
  type: "queue",
  queues,
  perWorker: 10,
  maxWaitMs: null,
  timeoutMs: 10_000,
  onFailure: { kind: "hold" },
});
const measured = {
  consumer: "async",
  current: 0,
  live: 0,
  busy: 0,
  throughput: 0,
  serviceSeconds: null,
  warmingUp: 0,
  slotsPerWorker: 1,
};
const command = (...words: readonly string[]) => ({ kind: "command", command: words }) as const;
const ownTasks = { kind: "tasks" } as const;

describe("the tasks that wait in the consumer itself", () => {
  test.each([
    ["are its queue", [ownTasks], 7, { queueDepth: 7, queueFailure: null }],
    ["are none when nobody knows of any", [ownTasks], null, { queueDepth: null, queueFailure: null }],
    ["count as well as those of a queue", [ownTasks, command("echo", "5")], 7, { queueDepth: 12 }],
    ["do not hide that a queue fails", [ownTasks, command("false")], 7, { queueDepth: null }],
    ["do not count where only a queue is named", [command("echo", "5")], 7, { queueDepth: 5 }],
  ] as const)("%s", async (_, queues, tasksWaiting, expected) => {
    const size = autoscaled(0, 3, { strategy: queue(queues) });
    const spec = consumerSpec({ size, tasks: tasksSpec() });
    const sources = openConsumerSources(spec, { PATH: process.env["PATH"] ?? "" });
    const reading = await sources?.read({ ...measured, tasksWaiting }, spec);
    sources?.close();
    expect(reading).toMatchObject(expected);
  });
});

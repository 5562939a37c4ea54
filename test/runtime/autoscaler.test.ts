import { describe, expect, test } from "bun:test";
import type { ConsumerSpec, FarmSpec } from "../../src/core/farm/spec.ts";
import type { ScalingPorts, SourceReading } from "../../src/runtime/autoscaler.ts";
import { Supervisor } from "../../src/runtime/supervisor.ts";
import { exited, type FakeChild, FakeHost, noScalingPorts } from "../support/fake-host.ts";
import { autoscaled, consumerSpec, farmSpec } from "../support/specs.ts";

const intervalMs = 10_000;
const job = {
  type: "message",
  transport: "async",
  class: "Job",
  id: null,
  durationSeconds: 1,
  errorClass: null,
} as const;

class Farm {
  readonly host = new FakeHost();
  readonly ends: number[] = [];
  readonly supervisor: Supervisor;

  constructor(
    consumers: readonly ConsumerSpec[],
    changes: Partial<FarmSpec> = {},
    ports: ScalingPorts = noScalingPorts,
  ) {
    this.supervisor = new Supervisor(farmSpec(consumers, changes), this.host, ports, (code) => this.ends.push(code));
    this.supervisor.start();
  }

  /** Lets one interval pass and the evaluation at its end happen. */
  async evaluate(): Promise<void> {
    this.host.clock.advance(intervalMs);
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  }

  take(...children: readonly FakeChild[]): void {
    for (const child of children) child.say({ ...job, event: "received" });
  }

  finish(...children: readonly FakeChild[]): void {
    for (const child of children) child.say({ ...job, event: "handled" });
  }

  slots(): string[] {
    const [consumer] = this.supervisor.snapshot().consumers;
    return (consumer?.workers ?? []).map(({ slot, state }) => `${slot} ${state}`);
  }
}

const pool = (min: number, max: number, changes: Partial<ConsumerSpec> = {}): ConsumerSpec =>
  consumerSpec({ size: autoscaled(min, max), ...changes });

describe("growing", () => {
  test("busy workers get help, with ids and slots of their own", async () => {
    const farm = new Farm([pool(1, 4)]);
    farm.take(farm.host.child);
    await farm.evaluate();
    expect(farm.host.alive.map(({ request }) => [request.workerId, request.slot])).toEqual([
      [1, 0],
      [2, 1],
    ]);
    expect(farm.host.of("scaling_decided")).toMatchObject([
      { decision: { previous: 1, target: 2, reason: "scaled_up" } },
    ]);
  });

  test("busy time counts as a mean over the interval, not as what is seen at its end", async () => {
    const farm = new Farm([pool(1, 4)]);
    farm.take(farm.host.child);
    farm.host.clock.advance(3_000);
    farm.finish(farm.host.child);
    farm.host.clock.advance(intervalMs - 3_000);
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    expect(farm.host.of("scaling_decided")).toMatchObject([{ decision: { busy: 0.3, target: 1 } }]);
  });

  test("nothing is decided once the farm stops", async () => {
    const farm = new Farm([pool(1, 4)]);
    farm.take(farm.host.child);
    farm.supervisor.shutdown("signal", 0, "SIGTERM");
    await farm.evaluate();
    expect(farm.host.of("scaling_decided")).toEqual([]);
    expect(farm.host.children).toHaveLength(1);
  });

  test("a parked consumer is not grown", async () => {
    const farm = new Farm([pool(1, 4, { restart: { ...consumerSpec().restart, neverRestartCodes: [1] } })]);
    farm.take(farm.host.child);
    farm.host.child.end(exited(1));
    await farm.evaluate();
    expect(farm.host.children).toHaveLength(1);
  });
});

/** Three workers that have nothing more to do, after the decision that sees it. */
async function three(): Promise<{ farm: Farm; workers: FakeChild[] }> {
  const farm = new Farm([pool(1, 3, { size: autoscaled(1, 3, { smoothingWindowMs: 1 }) })]);
  farm.take(farm.host.child);
  await farm.evaluate();
  farm.take(...farm.host.alive.slice(1));
  await farm.evaluate();
  const workers = farm.host.alive;
  expect(workers).toHaveLength(3);
  farm.finish(...workers);
  await farm.evaluate();
  return { farm, workers };
}

describe("shrinking", () => {
  test("idle workers go at once, the highest slots first, and what they leave is reused", async () => {
    const { farm, workers } = await three();
    expect(workers.map(({ signals }) => signals)).toEqual([[], ["SIGTERM"], ["SIGTERM"]]);
    workers[2]?.end(exited(0));
    expect(farm.slots()).toEqual(["0 ready", "1 draining"]);
    farm.take(farm.host.alive[0] ?? farm.host.child);
    await farm.evaluate();
    expect(farm.slots()).toEqual(["0 ready", "1 draining", "2 ready"]);
  });

  test("a busy worker finishes what it has in hand, however long that takes, and is told then", async () => {
    const farm = new Farm([pool(1, 2)]);
    farm.take(farm.host.child);
    await farm.evaluate();
    const [first, second] = farm.host.alive;
    if (first === undefined || second === undefined) throw new Error("two workers expected");
    farm.supervisor.consumers[0]?.resize(1);
    expect(second.signals).toEqual(["SIGTERM"]);
    second.end(exited(0));

    farm.supervisor.consumers[0]?.resize(2);
    const third = farm.host.child;
    farm.take(third);
    farm.supervisor.consumers[0]?.resize(1);
    expect([first.signals, third.signals]).toEqual([[], []]);
    farm.host.clock.advance(1e6);
    expect(third.signals).toEqual([]);
    expect(farm.slots()).toEqual(["0 ready", "1 draining"]);
    farm.finish(third);
    expect(third.signals).toEqual(["SIGTERM"]);
    farm.host.clock.advance(30_000);
    expect(third.signals).toEqual(["SIGTERM", "KILL group"]);
  });

  test("is called off when the load comes back before the worker has been told", async () => {
    const farm = new Farm([pool(1, 2)]);
    farm.take(farm.host.child);
    await farm.evaluate();
    const second = farm.host.child;
    farm.take(second);
    farm.supervisor.consumers[0]?.resize(1);
    expect(farm.slots()).toEqual(["0 ready", "1 draining"]);
    farm.supervisor.consumers[0]?.resize(2);
    expect(farm.slots()).toEqual(["0 ready", "1 ready"]);
    farm.finish(second);
    expect(second.signals).toEqual([]);
    expect(farm.host.children).toHaveLength(2);
  });

  test("a worker that ends by itself while it is to go is not replaced", async () => {
    const farm = new Farm([pool(1, 2)]);
    farm.take(farm.host.child);
    await farm.evaluate();
    const second = farm.host.child;
    farm.take(second);
    farm.supervisor.consumers[0]?.resize(1);
    second.end(exited(1));
    farm.host.clock.advance(60_000);
    expect(farm.slots()).toEqual(["0 ready"]);
    expect(farm.host.of("worker_exited")).toMatchObject([{ cause: "scale_down", failed: false }]);
  });
});

describe("the cap", () => {
  test("holds for live processes at every instant: who grows waits until who shrinks is gone", async () => {
    const quick = { smoothingWindowMs: 1 };
    const high = pool(1, 4, { name: "high", size: autoscaled(1, 4, { ...quick, priority: 10 }) });
    const low = pool(1, 4, { name: "low", size: autoscaled(1, 4, quick) });
    const farm = new Farm([high, low], { totalCap: 5 });
    const of = (name: string): FakeChild[] => farm.host.alive.filter(({ request }) => request.spec.name === name);
    for (let round = 0; round < 5; round++) {
      farm.take(...of("low"));
      await farm.evaluate();
      expect(farm.host.alive.length).toBeLessThanOrEqual(5);
    }
    expect([of("high").length, of("low").length]).toEqual([1, 4]);
    for (let round = 0; round < 8; round++) {
      farm.take(...of("high"), ...of("low"));
      await farm.evaluate();
      expect(farm.host.alive.length).toBeLessThanOrEqual(5);
      farm.finish(...of("low"));
      for (const child of of("low")) if (child.signals.includes("SIGTERM")) child.end(exited(0));
    }
    expect([of("high").length, of("low").length]).toEqual([4, 1]);
  });
});

describe("sources", () => {
  const strategy = {
    type: "queue",
    queues: [],
    perWorker: 10,
    maxWaitMs: null,
    timeoutMs: 1_000,
    onFailure: { kind: "hold" },
  } as const;
  const nothing: SourceReading = { queueDepth: null, queueFailure: null, commandAnswer: null, commandFailure: null };

  test("a queue wakes an empty consumer, and its failure is told once and shown until it is over", async () => {
    const answers: SourceReading[] = [
      { ...nothing, queueDepth: 0 },
      { ...nothing, queueDepth: 25 },
      { ...nothing, queueFailure: "redis: connection refused" },
      { ...nothing, queueFailure: "redis: connection refused" },
      { ...nothing, queueDepth: 25 },
    ];
    let closed = 0;
    const ports: ScalingPorts = {
      openSources: () => ({
        read: () => Promise.resolve(answers.shift() ?? nothing),
        close: () => void (closed += 1),
      }),
      shortages: () => [],
    };
    const farm = new Farm([consumerSpec({ size: autoscaled(0, 5, { strategy }) })], {}, ports);
    expect(farm.host.children).toEqual([]);
    await farm.evaluate();
    expect(farm.host.children).toEqual([]);
    await farm.evaluate();
    expect(farm.host.alive).toHaveLength(3);
    await farm.evaluate();
    expect(farm.host.alive).toHaveLength(3);
    expect(farm.supervisor.snapshot().consumers[0]).toMatchObject({
      sourceFailure: "redis: connection refused",
      hasSource: true,
    });
    await farm.evaluate();
    await farm.evaluate();
    expect(farm.host.of("scaling_source_failed")).toHaveLength(1);
    expect(farm.host.of("scaling_source_recovered")).toHaveLength(1);
    expect(farm.supervisor.snapshot().consumers[0]?.sourceFailure).toBeNull();
    farm.supervisor.shutdown("signal", 0, "SIGTERM");
    expect(closed).toBe(1);
  });

  test("a host that is short of memory gets no more processes", async () => {
    const farm = new Farm([pool(1, 4)], {}, { openSources: () => null, shortages: () => ["host_memory"] });
    farm.take(farm.host.child);
    await farm.evaluate();
    expect(farm.host.children).toHaveLength(1);
    expect(farm.host.of("scaling_decided")).toMatchObject([{ decision: { reason: "host_memory", target: 1 } }]);
  });
});

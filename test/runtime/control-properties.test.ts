import { expect, test } from "bun:test";
import type { OperationRequest } from "../../src/core/farm/operations.ts";
import type { ConsumerSpec } from "../../src/core/farm/spec.ts";
import { pick, type Random, seeded } from "../core/output/json-generator.ts";
import { type Asked, FakeFarm, isTold } from "../support/fake-farm.ts";
import { exited, type FakeChild, killed } from "../support/fake-host.ts";
import { autoscaled, consumerSpec, farmSpec, restartDefaults } from "../support/specs.ts";

const cap = 9;
const names = ["a", "b", "c", "d"] as const;

/** A definition of a consumer whose minimum fits in the cap, whatever the others are. */
function definition(random: Random, name: string): ConsumerSpec {
  const restart = {
    ...restartDefaults,
    policy: pick(random, ["always", "always", "on-failure"] as const),
    neverRestartCodes: [78],
    failureLimit: 2,
    onFailureLimit: pick(random, ["retry", "park"] as const),
  };
  const size = pick(random, [
    { kind: "static", processes: 1 + random(2) } as const,
    autoscaled(random(3), 2 + random(6), { priority: random(3) }),
  ]);
  const ready = pick(random, [{ when: "started" }, { when: "protocol" }, { when: "after", delayMs: 700 }] as const);
  return consumerSpec({ name, size, restart, command: [`worker-${random(2)}`], stopTimeoutMs: 5_000, ready });
}

/** Some of the consumers; the first is always there. */
const definitions = (random: Random): readonly ConsumerSpec[] =>
  names.filter((_, at) => at === 0 || random(3) > 0).map((name) => definition(random, name));

function request(random: Random): OperationRequest {
  const consumer = pick(random, names);
  const slot = random(2) === 0 ? null : random(3);
  switch (random(5)) {
    case 0:
      return { action: "scale", consumer, size: random(6) };
    case 1:
      return { action: "scale_auto", consumer };
    case 2:
      return { action: "rolling_restart", consumer, maxUnavailable: 1 + random(3) };
    default:
      return { action: pick(random, ["start", "stop", "restart", "pause", "resume"] as const), consumer, slot };
  }
}

/** Processes that have ended while their last frames are still on their way. */
type Ending = FakeChild[];

function end(random: Random, child: FakeChild, ending: Ending): void {
  child.exit(pick(random, [exited(0), exited(1), exited(78), killed]));
  if (random(2) === 0) child.hear({ type: "ended" });
  else ending.push(child);
}

/** One thing that may happen; what is asked for goes into `asked`. */
async function happen(random: Random, farm: FakeFarm, asked: Asked<unknown>[], ending: Ending): Promise<void> {
  const { alive } = farm.host;
  const child = alive.length === 0 ? null : pick(random, alive);
  const told = alive.filter(isTold);
  switch (random(12)) {
    case 9:
      ending.shift()?.hear({ type: "ended" });
      return;
    case 10:
      child?.say({ type: "ready" });
      return;
    case 11:
      farm.host.spawnFailure =
        random(6) === 0 ? { kind: "spawn_failed", code: "ENOENT", message: "no such program" } : null;
      return;
    case 0:
      asked.push(await farm.ask(request(random)));
      return;
    case 1:
      if (random(4) === 0) asked.push(await farm.reload(farmSpec(definitions(random), { totalCap: cap })));
      return;
    case 2:
      if (child !== null && random(3) === 0) end(random, child, ending);
      return;
    case 3:
    case 4:
      if (told.length > 0) end(random, pick(random, told), ending);
      return;
    case 5:
    case 6:
      if (child !== null) farm.take(child);
      return;
    case 7:
      if (child !== null) farm.finish(child);
      return;
    default:
      await farm.pass(random(3_000));
  }
}

/** What must be so at every instant. */
function check(farm: FakeFarm): void {
  const { alive } = farm.host;
  expect(alive.length).toBeLessThanOrEqual(cap);
  const held = alive.map(({ request: { spec, slot } }) => `${spec.name}:${slot}`);
  expect(new Set(held).size).toBe(held.length); // no slot has two processes
  for (const consumer of farm.supervisor.consumers) {
    const workers = consumer.workers.map(({ ref }) => ref.slot);
    expect(new Set(workers).size).toBe(workers.length);
    expect(consumer.count().current).toBeLessThanOrEqual(Math.max(consumer.target, consumer.workers.length));
  }
}

test.each(Array.from({ length: 60 }, (_, seed) => [seed]))(
  "whatever happens: the cap holds, no slot has two processes, and everybody who waits is answered (seed %i)",
  async (seed) => {
    const random = seeded(seed);
    const farm = new FakeFarm(definitions(random), { totalCap: cap, source: null });
    const asked: Asked<unknown>[] = [];
    const ending: Ending = [];
    const spawn = farm.host.spawn.bind(farm.host);
    farm.host.spawn = (what, hear) => {
      const child = spawn(what, hear);
      expect(farm.host.alive.length).toBeLessThanOrEqual(cap); // between two steps too
      return child;
    };
    for (let step = 0; step < 150 && farm.ends.length === 0; step++) {
      await happen(random, farm, asked, ending);
      check(farm);
    }
    farm.host.spawnFailure = null;
    for (const child of ending) child.hear({ type: "ended" });
    // Who is left to finish does, who is paused goes on, and time passes.
    for (let round = 0; round < 200; round++) {
      farm.finish(...farm.host.alive);
      for (const child of farm.host.alive) child.say({ type: "ready" });
      if (round % 50 === 10)
        for (const consumer of names) asked.push(await farm.ask({ action: "resume", consumer, slot: null }));
      await farm.obey();
      await farm.pass(1_000);
      check(farm);
    }
    expect(asked.filter(({ outcome }) => outcome === null)).toEqual([]);
    expect(farm.host.listeners).toBe(0);
    expect(farm.reloader.busy).toBe(false);
    // Nobody has too many, or too few unless the cap is full; and all have the definition that holds.
    const { consumers } = farm.supervisor.snapshot();
    const full = consumers.reduce((sum, { workers }) => sum + workers.length, 0) === cap;
    for (const { name, parked, stopped, target, workers } of farm.supervisor.stopping ? [] : consumers) {
      if (parked !== null || stopped) continue;
      expect({ name, workers: workers.length }).toEqual({
        name,
        workers: full ? Math.min(workers.length, target) : target,
      });
    }
    for (const { workers, spec } of farm.supervisor.consumers) {
      expect(workers.filter((worker) => worker.spec !== spec)).toEqual([]);
    }
    farm.supervisor.shutdown("signal", 0, "SIGTERM");
    for (const child of farm.host.alive) child.end(exited(0));
    expect(farm.ends).toHaveLength(1);
  },
);

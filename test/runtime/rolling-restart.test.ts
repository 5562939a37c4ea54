import { describe, expect, test } from "bun:test";
import type { OperationRequest } from "../../src/core/farm/operations.ts";
import { FakeFarm, isTold, pool } from "../support/fake-farm.ts";
import { exited, type FakeChild } from "../support/fake-host.ts";
import { restartDefaults } from "../support/specs.ts";

const minUptimeMs = restartDefaults.minUptimeMs;
const rolling = (maxUnavailable: number): OperationRequest => ({
  action: "rolling_restart",
  consumer: "a",
  maxUnavailable,
});

/** Ready, and past the time in which a fresh worker may still show that it is not well; `since` tells when each was started. */
function available(farm: FakeFarm, since: ReadonlyMap<FakeChild, number>): number {
  const { workers = [] } = farm.supervisor.snapshot().consumers[0] ?? {};
  return workers.filter(({ state, pid }) => {
    const child = farm.of("a").find((each) => each.pid === pid);
    const startedAtMs = child === undefined ? null : since.get(child);
    return (
      state === "ready" && (startedAtMs === undefined || farm.host.clock.nowMs() - (startedAtMs ?? 0) >= minUptimeMs)
    );
  }).length;
}

describe("a rolling restart", () => {
  test.each([
    [20, 3],
    [20, 1],
    [7, 7],
    [5, 50],
  ])("of %i workers, %i at a time, never has fewer ready and past their probation", async (size, maxUnavailable) => {
    const farm = new FakeFarm([pool("a", size, { ready: { when: "protocol" } })]);
    for (const child of farm.of("a")) child.say({ type: "ready" });
    const old = farm.of("a");
    const startedAtMs = new Map<FakeChild, number>();
    const asked = await farm.ask(rolling(maxUnavailable));
    let rounds = 0;
    for (; asked.outcome === null && rounds < 1_000; rounds++) {
      // One small step at a time, and the floor holds after each.
      const step = rounds % 3;
      if (step === 0) farm.of("a").find(isTold)?.end(exited(0));
      for (const child of farm.of("a")) {
        if (old.includes(child) || startedAtMs.has(child)) continue;
        startedAtMs.set(child, farm.host.clock.nowMs());
      }
      if (step === 1) {
        const silent = farm.supervisor.snapshot().consumers[0]?.workers.filter(({ state }) => state === "starting");
        farm
          .of("a")
          .find(({ pid }) => pid === silent?.[0]?.pid)
          ?.say({ type: "ready" });
      }
      await farm.pass(step === 2 ? 300 : 0);
      expect(available(farm, startedAtMs)).toBeGreaterThanOrEqual(size - maxUnavailable);
    }
    expect(asked.outcome?.message).toMatch(new RegExp(`^a: ${size} workers restarted one after the other in`, "u"));
    expect(farm.of("a").some((child) => old.includes(child))).toBe(false);
    expect(farm.host.children).toHaveLength(2 * size);
    expect(farm.host.listeners).toBe(0);
  });

  test("stops at the first that fails; those after it were never told", async () => {
    const farm = new FakeFarm([pool("a", 5)]);
    const [first, , third, fourth, fifth] = farm.of("a");
    const asked = await farm.ask(rolling(1));
    first?.end(exited(0));
    await farm.pass(minUptimeMs);
    await farm.obey(); // the second
    farm.at("a", 1).end(exited(3));
    await farm.turn();
    expect(asked.outcome).toEqual({
      result: "failed",
      message: "a: worker 2 (slot 1) failed: exit code 3; 1 restarted, 3 left as they were",
    });
    expect([third, fourth, fifth].map((child) => child?.signals)).toEqual([[], [], []]);
  });

  test("a worker that dies within its probation fails it, one that did work is past it at once", async () => {
    const farm = new FakeFarm([pool("a", 2)]);
    const asked = await farm.ask(rolling(1));
    await farm.obey();
    farm.take(farm.at("a", 0));
    farm.finish(farm.at("a", 0));
    await farm.turn();
    expect(isTold(farm.at("a", 1))).toBe(true);
    await farm.obey();
    await farm.pass(minUptimeMs - 1);
    farm.at("a", 1).end(exited(1));
    await farm.turn();
    expect(asked.outcome?.message).toBe("a: worker 2 (slot 1) failed: exit code 1; 1 restarted, 0 left as they were");
  });

  test("a worker that ended and came back by itself before its turn is restarted and waited for all the same", async () => {
    const farm = new FakeFarm([pool("a", 3)]);
    const asked = await farm.ask(rolling(1));
    farm.host.clock.advance(2_000);
    farm.at("a", 1).end(exited(0)); // recycles itself
    await farm.pass(minUptimeMs);
    farm.at("a", 0).end(exited(0));
    await farm.pass(minUptimeMs);
    expect([1, 2].map((slot) => isTold(farm.at("a", slot)))).toEqual([true, false]);
    await farm.obey();
    expect(isTold(farm.at("a", 2))).toBe(false); // the second is in its probation
    await farm.calm();
    expect(asked.outcome?.result).toBe("done");
    expect(farm.host.children).toHaveLength(3 + 1 + 3);
  });

  test("one at a time for a consumer: another is refused, and so is a restart", async () => {
    const farm = new FakeFarm([pool("a", 2), pool("b", 1)]);
    await farm.ask(rolling(1));
    const refused = { result: "conflict", message: "a: a rolling restart is under way; wait for its end" } as const;
    expect((await farm.ask(rolling(1))).outcome).toEqual(refused);
    expect((await farm.ask({ action: "restart", consumer: "a", slot: 1 })).outcome).toEqual(refused);
    expect((await farm.ask({ action: "restart", consumer: "b", slot: null })).outcome).toBeNull();
    await farm.calm();
    expect((await farm.ask(rolling(1))).outcome).toBeNull();
  });

  test("goes on past workers that are stopped, retired or paused meanwhile", async () => {
    for (const action of ["stop", "pause"] as const) {
      const farm = new FakeFarm([pool("a", 3)]);
      const asked = await farm.ask(rolling(1));
      await farm.ask({ action, consumer: "a", slot: 1 });
      await farm.calm();
      expect(asked.outcome?.message).toMatch(/^a: 2 workers restarted one after the other/u);
    }
    const farm = new FakeFarm([pool("a", 3)]);
    const asked = await farm.ask(rolling(1));
    await farm.ask({ action: "scale", consumer: "a", size: 1 });
    await farm.calm();
    expect(asked.outcome?.result).toBe("done");
    expect(farm.slots("a")).toHaveLength(1);
  });

  test("that loses the worker it waits for says so, and ends", async () => {
    for (const [action, why] of [
      ["stop", "was stopped meanwhile"],
      ["pause", "was paused meanwhile"],
    ] as const) {
      const farm = new FakeFarm([pool("a", 2)]);
      const asked = await farm.ask(rolling(1));
      await farm.ask({ action, consumer: "a", slot: 0 });
      await farm.calm();
      expect(asked.outcome?.message).toBe(`a: worker 1 (slot 0) failed: ${why}; 0 restarted, 1 left as they were`);
      expect(farm.host.listeners).toBe(0);
    }
  });

  test("takes those that are not ready anyway first, all at once", async () => {
    const farm = new FakeFarm([pool("a", 4)]);
    farm.at("a", 2).end(exited(1));
    farm.at("a", 3).end(exited(1));
    await farm.ask(rolling(1));
    expect(farm.of("a").map(isTold)).toEqual([false, false, false, false]);
    expect(farm.slots("a")).toEqual(["0 ready", "1 ready", "2 ready", "3 ready"]);
    expect(farm.host.children).toHaveLength(6);
  });
});

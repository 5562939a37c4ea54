import { describe, expect, test } from "bun:test";
import type { ConsumerSpec, FarmSpec } from "../../src/core/farm/spec.ts";
import { alice, FakeFarm, isTold, pool } from "../support/fake-farm.ts";
import { exited, type FakeChild } from "../support/fake-host.ts";
import { autoscaled, consumerSpec, farmSpec, restartDefaults } from "../support/specs.ts";

const probationMs = restartDefaults.minUptimeMs;
const newCommand = { command: ["worker", "--new"] } as const;

/** As the farm is, but for these consumers and keys. */
function next(farm: FakeFarm, consumers: readonly ConsumerSpec[], changes: Partial<FarmSpec> = {}): FarmSpec {
  return farmSpec(consumers, { ...farm.spec, ...changes, consumers });
}

const commandOf = ({ request }: FakeChild): string => request.spec.command.join(" ");

describe("a reload that restarts nobody", () => {
  test("of the same content tells that nothing has changed", async () => {
    const farm = new FakeFarm([pool("a", 2)]);
    const asked = await farm.reload(next(farm, [pool("a", 2)]), ["pm.yaml:1:1: a warning"]);
    expect(asked.outcome).toEqual({
      result: "done",
      message: "nothing has changed",
      problems: ["pm.yaml:1:1: a warning"],
      plan: { consumers: [], farmKeys: [], needsNewStart: [] },
    });
    expect(farm.host.of("reloaded")).toMatchObject([{ who: alice, outcome: asked.outcome! }]);
    expect(farm.host.children).toHaveLength(2);
  });

  test("a plan alone changes nothing", async () => {
    const farm = new FakeFarm([pool("a", 2), pool("b", 1)]);
    const plan = farm.reloader.plan(next(farm, [pool("a", 5, newCommand)]));
    expect(plan.consumers.map(({ consumer, kind }) => `${consumer} ${kind}`)).toEqual(["a restart", "b removed"]);
    await farm.calm();
    expect(farm.host.children.map(({ signals }) => signals)).toEqual([[], [], []]);
    expect(farm.host.of("reloaded")).toEqual([]);
  });

  test("only the size: the others stay, the new ones are waited for", async () => {
    const farm = new FakeFarm([pool("a", 2), pool("b", 1)]);
    const pids = [...farm.pids("a"), ...farm.pids("b")];
    const up = await farm.reload(next(farm, [pool("a", 4), pool("b", 1)]));
    expect(up.outcome).toBeNull();
    await farm.pass(probationMs);
    expect(up.outcome).toMatchObject({ result: "done", message: "1 consumer resized in 1 s" });
    expect([...farm.pids("a").slice(0, 2), ...farm.pids("b")]).toEqual(pids);
    expect(farm.of("a")).toHaveLength(4);
    await farm.reload(next(farm, [pool("a", 1), pool("b", 1)]));
    await farm.obey();
    expect(farm.pids("a")).toEqual(pids.slice(0, 1));
  });

  test("rules and limits: they hold for the running processes at once", async () => {
    const farm = new FakeFarm([pool("a", 1)]);
    const [pid] = farm.pids("a");
    const recycle = { maxLifetimeMs: 50_000, maxMemoryBytes: null, maxIdleMs: null };
    const asked = await farm.reload(
      next(farm, [pool("a", 1, { recycle, stopSignal: "SIGINT", stopTimeoutMs: 2_000 })]),
    );
    expect(asked.outcome).toMatchObject({ result: "done", message: "1 consumer changed in place in 0 s" });
    expect(farm.pids("a")).toEqual([pid!]);
    await farm.pass(50_000);
    expect(farm.at("a", 0).signals).toEqual(["SIGINT"]);
    await farm.pass(2_000);
    expect(farm.at("a", 0).signals).toEqual(["SIGINT", "KILL group"]);
  });

  test("when a worker that is still starting counts as ready", async () => {
    const farm = new FakeFarm([
      pool("a", 1, { ready: { when: "protocol" } }),
      pool("b", 1, { ready: { when: "protocol" } }),
    ]);
    await farm.pass(3_000);
    await farm.reload(
      next(farm, [
        pool("a", 1, { ready: { when: "started" } }),
        pool("b", 1, { ready: { when: "after", delayMs: 5_000 } }),
      ]),
    );
    expect([...farm.slots("a"), ...farm.slots("b")]).toEqual(["0 ready", "0 starting"]);
    await farm.pass(2_000);
    expect(farm.slots("b")).toEqual(["0 ready"]);
    expect(farm.host.children).toHaveLength(2);
  });

  test("keys of the farm: told as changed, or as left for the next start", async () => {
    const farm = new FakeFarm([pool("a", 1)]);
    const changes = { totalCap: 9, http: { host: "::1", port: 0 } };
    const asked = await farm.reload(next(farm, [pool("a", 1)], changes));
    expect(asked.outcome?.message).toBe("total_cap changed, http_server left for the next start of pm in 0 s");
    expect(farm.supervisor.snapshot().totalCap).toBe(9);
    const again = await farm.reload(next(farm, [pool("a", 1)], changes));
    expect(again.outcome?.plan).toMatchObject({ farmKeys: [], needsNewStart: ["http_server"] }); // still true
  });
});

describe("consumers that join or leave", () => {
  test("one that joins starts, and its failure is told; the others are not touched", async () => {
    const farm = new FakeFarm([pool("a", 1)]);
    const pids = farm.pids("a");
    const asked = await farm.reload(next(farm, [pool("a", 1), pool("b", 2)]));
    farm.at("b", 1).end(exited(3));
    await farm.pass(probationMs);
    expect(asked.outcome).toMatchObject({
      result: "failed",
      message: "1 consumer added in 1 s; b: worker 3 failed: exit code 3",
    });
    expect(farm.pids("a")).toEqual(pids);
    expect(farm.host.of("consumer_added")).toMatchObject([{ consumer: "b" }]);
  });

  test("one that leaves finishes in its own time, and is gone with its last process", async () => {
    const farm = new FakeFarm([pool("a", 1), pool("b", 2)]);
    const asked = await farm.reload(next(farm, [pool("a", 1)]));
    expect(farm.of("b").map(isTold)).toEqual([true, true]);
    farm.at("b", 0).end(exited(0));
    await farm.turn();
    expect(asked.outcome).toBeNull();
    farm.at("b", 1).end(exited(0));
    await farm.turn();
    expect(asked.outcome).toMatchObject({ result: "done", message: "1 consumer removed in 0 s" });
    expect(farm.host.of("consumer_removed")).toMatchObject([{ consumer: "b" }]);
    expect(farm.supervisor.snapshot().consumers.map(({ name }) => name)).toEqual(["a"]);
    expect(farm.host.listeners).toBe(0);
  });

  test("one that leaves slowly keeps no other reload waiting, and may come back meanwhile", async () => {
    const farm = new FakeFarm([pool("a", 1), pool("b", 2)], { totalCap: 3 });
    const left = await farm.reload(next(farm, [pool("a", 1)]));
    const back = await farm.reload(next(farm, [pool("a", 1), pool("b", 2)]));
    expect(left.outcome?.result).toBe("done"); // it is over: b does not leave any more
    expect(farm.host.alive).toHaveLength(3); // the old ones still hold their slots
    await farm.obey();
    await farm.pass(probationMs);
    expect(back.outcome?.result).toBe("done");
    expect(farm.slots("b")).toEqual(["0 ready", "1 ready"]);
    expect(farm.host.of("consumer_removed")).toEqual([]);
    const ids = farm.host.children.map(({ request }) => request.workerId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("one without workers leaves at once", async () => {
    const farm = new FakeFarm([pool("a", 1), consumerSpec({ name: "b", size: autoscaled(0, 2) })]);
    const asked = await farm.reload(next(farm, [pool("a", 1)]));
    expect(asked.outcome?.result).toBe("done");
    expect(farm.host.of("consumer_removed")).toHaveLength(1);
  });

  test("the first that is autoscaled wakes the autoscaler; one that leaves has its sources closed", async () => {
    let open = 0;
    const nothing = { queueDepth: null, queueFailure: null, commandAnswer: null, commandFailure: null };
    const ports = {
      openSources: () => {
        open += 1;
        return { read: () => Promise.resolve(nothing), close: () => void (open -= 1) };
      },
      shortages: () => [],
    };
    const farm = new FakeFarm([pool("a", 1)], {}, ports);
    await farm.reload(next(farm, [pool("a", 1), consumerSpec({ name: "b", size: autoscaled(1, 3) })]));
    farm.take(...farm.of("b"));
    await farm.pass(10_000);
    expect(farm.of("b").length).toBeGreaterThan(1);
    expect(open).toBe(1);
    await farm.reload(next(farm, [pool("a", 1)]));
    await farm.obey();
    expect(open).toBe(0);
    expect(farm.supervisor.decisions("b")).toEqual([]);
  });
});

describe("a reload that restarts", () => {
  test("replaces just the processes of what changed, one first, then a few at a time", async () => {
    const farm = new FakeFarm([pool("a", 8), pool("b", 2)]);
    const kept = farm.pids("b");
    const asked = await farm.reload(next(farm, [pool("a", 8, newCommand), pool("b", 2)]));
    expect(farm.of("a").filter(isTold)).toHaveLength(1);
    await farm.obey();
    expect(farm.of("a").filter(isTold)).toHaveLength(0); // the first is in its probation
    await farm.pass(probationMs);
    expect(farm.of("a").filter(isTold)).toHaveLength(2);
    await farm.calm();
    expect(asked.outcome).toMatchObject({ result: "done" });
    expect(asked.outcome?.message).toMatch(/^1 consumer restarted in/u);
    expect(new Set(farm.of("a").map(commandOf))).toEqual(new Set(["worker --new"]));
    expect(farm.host.children).toHaveLength(8 + 2 + 8);
    expect(farm.pids("b")).toEqual(kept);
    expect(farm.host.of("worker_restarting").every(({ reason }) => reason === "reload")).toBe(true);
  });

  test("of which the first worker fails puts all back, in every consumer, and nothing else has changed", async () => {
    const farm = new FakeFarm([pool("good", 3), pool("bad", 3)], { totalCap: 10 });
    const untouched = farm.host.children.filter(({ request }) => request.slot > 0).map(({ pid }) => pid);
    const broken = next(farm, [pool("good", 5, newCommand), pool("bad", 3, newCommand), pool("more", 1)], {
      totalCap: 20,
    });
    const asked = await farm.reload(broken);
    await farm.obey();
    farm.at("bad", 0).end(exited(127));
    await farm.pass(probationMs);
    expect(asked.outcome).toMatchObject({
      result: "failed",
      message: "bad: worker 4 failed with its new definition: exit code 127; all is as it was",
    });
    await farm.calm();
    expect([...farm.slots("good"), ...farm.slots("bad"), ...farm.slots("more")]).toEqual([
      "0 ready",
      "1 ready",
      "2 ready",
      "0 ready",
      "1 ready",
      "2 ready",
    ]);
    expect(new Set(farm.host.alive.map(commandOf))).toEqual(new Set(["worker"]));
    expect(farm.host.alive.filter(({ request }) => request.slot > 0).map(({ pid }) => pid)).toEqual(untouched);
    expect(farm.supervisor.snapshot().totalCap).toBe(10);
    // And the next reload starts from there.
    expect(farm.reloader.plan(broken).consumers.map(({ kind }) => kind)).toEqual(["restart", "restart", "added"]);
    expect((await farm.ask({ action: "restart", consumer: "bad", slot: null })).outcome).toBeNull(); // not claimed
  });

  test.each([
    ["an exit code that forbids a restart", { neverRestartCodes: [78] }, 78],
    ["an end without a successor", { policy: "never" }, 1],
  ] as const)("a first worker that ends with %s comes back with its old definition", async (_, rules, code) => {
    const farm = new FakeFarm([pool("a", 2, { restart: { ...restartDefaults, ...rules } })]);
    const asked = await farm.reload(
      next(farm, [pool("a", 2, { restart: { ...restartDefaults, ...rules }, ...newCommand })]),
    );
    await farm.obey();
    farm.at("a", 0).end(exited(code));
    await farm.calm();
    expect(asked.outcome?.result).toBe("failed");
    expect(farm.slots("a")).toEqual(["0 ready", "1 ready"]);
    expect(new Set(farm.of("a").map(commandOf))).toEqual(new Set(["worker"]));
  });

  test("of which a later worker fails puts that consumer back, its size too, and keeps the rest", async () => {
    const farm = new FakeFarm([pool("good", 2), pool("bad", 4)]);
    const target = next(farm, [pool("good", 2, newCommand), pool("bad", 6, newCommand)]);
    const asked = await farm.reload(target);
    await farm.obey();
    await farm.pass(probationMs); // the first ones are well
    await farm.obey();
    farm
      .of("bad")
      .findLast((child) => commandOf(child) === "worker --new" && child.request.slot === 1)
      ?.end(exited(1));
    await farm.calm();
    expect(asked.outcome?.result).toBe("failed");
    expect(asked.outcome?.message).toContain("exit code 1; put back as it was");
    expect(new Set(farm.of("good").map(commandOf))).toEqual(new Set(["worker --new"]));
    expect(new Set(farm.of("bad").map(commandOf))).toEqual(new Set(["worker"]));
    expect(farm.slots("bad")).toEqual(["0 ready", "1 ready", "2 ready", "3 ready"]);
    expect(farm.reloader.plan(target).consumers.map(({ consumer }) => consumer)).toEqual(["bad"]);
    expect(farm.host.listeners).toBe(0);
  });

  test("a worker that is being replaced for another reason meanwhile comes back with the new definition", async () => {
    const farm = new FakeFarm([pool("a", 3)]);
    await farm.reload(next(farm, [pool("a", 3, newCommand)]));
    farm.supervisor.consumers[0]?.workers[2]?.replace("max_memory");
    await farm.calm();
    expect(farm.of("a").map(commandOf)).toEqual(["worker --new", "worker --new", "worker --new"]);
  });

  test("workers that come while it is under way have the new definition in the end, and only once", async () => {
    const farm = new FakeFarm([pool("a", 2)]);
    await farm.reload(next(farm, [pool("a", 2, newCommand)]));
    await farm.ask({ action: "scale", consumer: "a", size: 3 });
    await farm.calm();
    expect(farm.of("a").map(commandOf)).toEqual(["worker --new", "worker --new", "worker --new"]);
    expect(farm.slots("a")).toEqual(["0 ready", "1 ready", "2 ready"]);
  });

  test("a process and a size at once: the slots are as many as they should be", async () => {
    const farm = new FakeFarm([pool("a", 4), pool("b", 1)], { totalCap: 8 });
    await farm.reload(next(farm, [pool("a", 2, newCommand), pool("b", 3, newCommand)]));
    for (let round = 0; round < 40; round++) {
      await farm.obey();
      expect(farm.host.alive.length).toBeLessThanOrEqual(8);
      await farm.pass(500);
    }
    expect([...farm.slots("a"), ...farm.slots("b")]).toEqual(["0 ready", "1 ready", "0 ready", "1 ready", "2 ready"]);
  });
});

/** A farm of which `bad` has just failed with its new definition. */
async function refused(): Promise<{ farm: FakeFarm; wanted: FarmSpec }> {
  const farm = new FakeFarm([pool("bad", 2), pool("good", 2), pool("old", 1)]);
  const wanted = next(farm, [pool("bad", 2, newCommand), pool("good", 2, newCommand), pool("fresh", 1)]);
  const asked = await farm.reloadEach(wanted);
  await farm.obey();
  farm.at("bad", 0).end(exited(127));
  await farm.calm();
  expect(asked.outcome).toMatchObject({
    result: "failed",
    message: expect.stringMatching(
      /^1 consumer added, 1 consumer removed, 1 consumer restarted in .* s; bad: worker 1 failed with its new definition: exit code 127; it stays as it was$/u,
    ),
  });
  return { farm, wanted };
}

describe("consumer by consumer, as a program names them", () => {
  test("one that fails with its new definition stays as it was, and holds up no other", async () => {
    const { farm } = await refused();
    const commands = ["bad", "good", "fresh", "old"].map((name) => [name, farm.of(name).map(commandOf)]);
    expect(commands).toEqual([
      ["bad", ["worker", "worker"]],
      ["good", ["worker --new", "worker --new"]],
      ["fresh", ["worker"]],
      ["old", []],
    ]);
    const bad = farm.supervisor.snapshot().consumers.find(({ name }) => name === "bad");
    expect(bad?.problem).toBe("bad: worker 1 failed with its new definition: exit code 127");
  });

  test("it is not tried again with the same definition, and nothing is told", async () => {
    const { farm, wanted } = await refused();
    const [children, told] = [farm.host.children.length, farm.host.of("reloaded").length];
    const asked = await farm.reloadEach(wanted);
    expect(asked.outcome).toMatchObject({ result: "done", message: "nothing has changed" });
    expect([farm.host.children.length, farm.host.of("reloaded").length]).toEqual([children, told]);
  });

  test("it is tried again with another one, and all is well then", async () => {
    const { farm, wanted } = await refused();
    const mended = pool("bad", 2, { command: ["worker", "--mended"] });
    const asked = await farm.reloadEach({ ...wanted, consumers: [mended, ...wanted.consumers.slice(1)] });
    await farm.calm();
    expect(asked.outcome?.result).toBe("done");
    expect(farm.of("bad").map(commandOf)).toEqual(["worker --mended", "worker --mended"]);
    expect(farm.supervisor.snapshot().consumers.map(({ problem }) => problem)).toEqual([null, null, null]);
  });

  test("a reload of the file tries it again all the same", async () => {
    const { farm, wanted } = await refused();
    const asked = await farm.reload(wanted);
    await farm.calm();
    expect(asked.outcome?.result).toBe("done");
    expect(farm.of("bad").map(commandOf)).toEqual(["worker --new", "worker --new"]);
  });
});

describe("what a person has done", () => {
  test("a size by hand survives", async () => {
    const farm = new FakeFarm([pool("a", 2)]);
    await farm.ask({ action: "scale", consumer: "a", size: 3 });
    await farm.pass(probationMs);
    await farm.reload(next(farm, [pool("a", 5, newCommand)]));
    await farm.calm();
    expect(farm.slots("a")).toEqual(["0 ready", "1 ready", "2 ready"]);
    await farm.ask({ action: "scale_auto", consumer: "a" });
    expect(farm.of("a")).toHaveLength(5);
  });

  test("stopped stays stopped, and starts with the new definition", async () => {
    const farm = new FakeFarm([pool("a", 2), pool("b", 2)]);
    await farm.ask({ action: "stop", consumer: "a", slot: null });
    await farm.ask({ action: "stop", consumer: "b", slot: 0 });
    await farm.obey();
    const asked = await farm.reload(next(farm, [pool("a", 2, newCommand), pool("b", 2, newCommand)]));
    await farm.calm();
    expect(asked.outcome?.result).toBe("done");
    expect([...farm.slots("a"), ...farm.slots("b")]).toEqual(["0 stopped", "1 stopped", "0 stopped", "1 ready"]);
    await farm.ask({ action: "start", consumer: "a", slot: null });
    await farm.ask({ action: "start", consumer: "b", slot: 0 });
    expect(new Set(farm.host.alive.map(commandOf))).toEqual(new Set(["worker --new"]));
  });

  test("one that is on its way to being stopped is left to stop", async () => {
    const farm = new FakeFarm([pool("a", 2)]);
    await farm.ask({ action: "stop", consumer: "a", slot: 0 });
    const asked = await farm.reload(next(farm, [pool("a", 2, newCommand)]));
    await farm.calm();
    expect(asked.outcome?.result).toBe("done");
    expect(farm.slots("a")).toEqual(["0 stopped", "1 ready"]);
  });

  test("one that is stopped or paused before its turn has the new definition when it starts again", async () => {
    const farm = new FakeFarm([pool("a", 4)]);
    const asked = await farm.reload(next(farm, [pool("a", 4, newCommand)]));
    await farm.ask({ action: "stop", consumer: "a", slot: 2 });
    await farm.ask({ action: "pause", consumer: "a", slot: 3 });
    await farm.calm();
    expect(asked.outcome?.result).toBe("done");
    expect(farm.slots("a")).toEqual(["0 ready", "1 ready", "2 stopped", "3 backoff paused"]);
    await farm.ask({ action: "start", consumer: "a", slot: null });
    expect(new Set(farm.of("a").map(commandOf))).toEqual(new Set(["worker --new"]));
  });

  test("paused stays paused: the old process ends, and the new one waits for resume", async () => {
    const farm = new FakeFarm([pool("a", 2)]);
    await farm.ask({ action: "pause", consumer: "a", slot: null });
    const asked = await farm.reload(next(farm, [pool("a", 2, newCommand)]));
    await farm.calm();
    expect(asked.outcome?.result).toBe("done");
    expect(farm.slots("a")).toEqual(["0 backoff paused", "1 backoff paused"]);
    expect(farm.of("a")).toEqual([]);
    await farm.ask({ action: "resume", consumer: "a", slot: null });
    expect(farm.of("a").map(commandOf)).toEqual(["worker --new", "worker --new"]);
  });

  test("parked gets another chance", async () => {
    const rules = { restart: { ...restartDefaults, neverRestartCodes: [78] } };
    const farm = new FakeFarm([pool("a", 2, rules)]);
    for (const child of farm.of("a")) child.end(exited(78));
    const asked = await farm.reload(next(farm, [pool("a", 2, { ...rules, ...newCommand })]));
    await farm.calm();
    expect(asked.outcome?.result).toBe("done");
    expect(farm.supervisor.snapshot().consumers[0]?.parked).toBeNull();
    expect(farm.slots("a")).toEqual(["0 ready", "1 ready"]);
  });

  test("one that is to go is not called back as a worker of the old definition", async () => {
    const farm = new FakeFarm([pool("a", 2)]);
    const old = farm.at("a", 1);
    farm.take(farm.at("a", 0), old);
    await farm.ask({ action: "scale", consumer: "a", size: 1 });
    await farm.reload(next(farm, [pool("a", 2, newCommand)]));
    farm.finish(farm.at("a", 0));
    await farm.calm();
    await farm.ask({ action: "scale", consumer: "a", size: 2 });
    farm.finish(old);
    await farm.calm();
    expect(old.alive).toBe(false);
    expect(farm.of("a").map(commandOf)).toEqual(["worker --new", "worker --new"]);
  });
});

describe("one at a time", () => {
  test("a second reload meanwhile is a conflict, and so is one during a rolling restart", async () => {
    const farm = new FakeFarm([pool("a", 2)]);
    const first = await farm.reload(next(farm, [pool("a", 2, newCommand)]));
    const second = await farm.reload(next(farm, [pool("a", 3)]));
    expect(second.outcome).toMatchObject({ result: "conflict", message: "a reload is under way; wait for its end" });
    const restart = await farm.ask({ action: "restart", consumer: "a", slot: null });
    expect(restart.outcome?.result).toBe("conflict");
    await farm.calm();
    expect(first.outcome?.result).toBe("done");
    await farm.ask({ action: "rolling_restart", consumer: "a", maxUnavailable: 1 });
    const third = await farm.reload(next(farm, [pool("a", 2)]));
    expect(third.outcome).toMatchObject({
      result: "conflict",
      message: "a rolling restart is under way; wait for its end",
    });
    await farm.calm();
    expect(farm.reloader.busy).toBe(false);
    expect(farm.of("a").map(commandOf)).toEqual(["worker --new", "worker --new"]);
  });

  test.each([0, 1])("a shutdown ends a reload at stage %i, without a new process", async (stage) => {
    const farm = new FakeFarm([pool("a", 4), pool("b", 1)]);
    const asked = await farm.reload(next(farm, [pool("a", 4, newCommand), pool("c", 1)]));
    if (stage === 1) {
      await farm.obey();
      await farm.pass(probationMs);
    }
    const before = farm.host.children.length;
    farm.supervisor.shutdown("signal", 0, "SIGTERM");
    await farm.turn();
    expect(asked.outcome).not.toBeNull();
    expect(asked.outcome?.result).toBe(stage === 0 ? "conflict" : "failed");
    expect(asked.outcome?.message).toContain("pm is shutting down");
    for (const child of farm.host.alive) child.end(exited(0));
    await farm.calm();
    expect(farm.host.children).toHaveLength(before);
    expect(farm.ends).toEqual([0]);
    expect(farm.reloader.busy).toBe(false);
    expect(farm.host.listeners).toBe(0);
    const late = await farm.reload(next(farm, []));
    expect(late.outcome).toMatchObject({ result: "conflict", message: "pm is shutting down" });
  });
});

describe("the cap", () => {
  test("has no room kept for a consumer that leaves, beside the processes it still has", async () => {
    const [a, old] = [
      consumerSpec({ name: "a", size: autoscaled(1, 4) }),
      consumerSpec({ name: "old", size: autoscaled(2, 4) }),
    ];
    const farm = new FakeFarm([a, old], { totalCap: 4 });
    farm.take(...farm.of("a"));
    await farm.pass(10_000);
    expect([farm.of("a").length, farm.of("old").length]).toEqual([2, 2]);
    await farm.reload(next(farm, [a]));
    farm.at("old", 0).end(exited(0));
    farm.take(...farm.of("a"));
    await farm.pass(10_000);
    expect([farm.of("a").length, farm.of("old").length]).toEqual([3, 1]);
  });

  test("raised: those that lacked workers get them at once", async () => {
    const farm = new FakeFarm([pool("a", 2), consumerSpec({ name: "b", size: autoscaled(0, 4) })], { totalCap: 2 });
    farm.supervisor.consumers[1]?.resize(2);
    expect(farm.of("b")).toEqual([]);
    await farm.reload(next(farm, farm.spec.consumers, { totalCap: 3 }));
    expect(farm.of("b")).toHaveLength(1);
  });

  test("lowered: nobody grows, and the autoscaler comes down to it", async () => {
    const farm = new FakeFarm([consumerSpec({ name: "a", size: autoscaled(1, 6) })], { totalCap: 6 });
    farm.supervisor.consumers[0]?.resize(6);
    farm.take(...farm.of("a"));
    await farm.reload(next(farm, farm.spec.consumers, { totalCap: 3 }));
    await farm.pass(10_000);
    farm.finish(...farm.of("a"));
    await farm.obey();
    expect(farm.of("a")).toHaveLength(3);
    await farm.pass(10_000);
    expect(farm.host.alive.length).toBeLessThanOrEqual(3);
  });
});

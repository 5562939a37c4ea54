import { describe, expect, test } from "bun:test";
import type { OperationRequest } from "../../src/core/farm/operations.ts";
import { alice, FakeFarm, pool } from "../support/fake-farm.ts";
import { exited, killed } from "../support/fake-host.ts";
import { autoscaled, consumerSpec, fastcgiSpec, restartDefaults, tasksSpec } from "../support/specs.ts";

type Verb = "start" | "stop" | "restart" | "pause" | "resume";
const all = (action: Verb, consumer = "a"): OperationRequest => ({ action, consumer, slot: null });
const one = (action: Verb, slot: number): OperationRequest => ({ action, consumer: "a", slot });
const scale = (size: number, consumer = "a"): OperationRequest => ({ action: "scale", consumer, size });
const auto: OperationRequest = { action: "scale_auto", consumer: "a" };
const hup: OperationRequest = { action: "signal", consumer: "a", slot: null, signal: "SIGHUP", group: false };
const rolling = (maxUnavailable: number): OperationRequest => ({
  action: "rolling_restart",
  consumer: "a",
  maxUnavailable,
});

/** Ways a consumer `a` of two workers can be; each leaves it in that way. */
const ways: Readonly<Record<string, () => Promise<FakeFarm>>> = {
  running: async () => new FakeFarm([pool("a", 2)]),
  starting: async () => new FakeFarm([pool("a", 2, { ready: { when: "protocol" } })]),
  backoff: async () => {
    const farm = new FakeFarm([pool("a", 2)]);
    for (const child of farm.of("a")) child.end(exited(1));
    return farm;
  },
  parked: async () => {
    const farm = new FakeFarm([pool("a", 2, { restart: { ...restartDefaults, neverRestartCodes: [78] } })]);
    for (const child of farm.of("a")) child.end(exited(78));
    return farm;
  },
  stopped: async () => {
    const farm = new FakeFarm([pool("a", 2)]);
    await farm.ask(all("stop"));
    await farm.obey();
    return farm;
  },
  paused: async () => {
    const farm = new FakeFarm([pool("a", 2)]);
    await farm.ask(all("pause"));
    return farm;
  },
  finished: async () => {
    // The other consumer keeps the farm alive.
    const farm = new FakeFarm([pool("a", 2, { restart: { ...restartDefaults, policy: "never" } }), pool("b", 1)]);
    for (const child of farm.of("a")) child.end(exited(0));
    return farm;
  },
  draining: async () => {
    const farm = new FakeFarm([pool("a", 2)]);
    farm.take(...farm.of("a"));
    await farm.ask(scale(0), false);
    return farm;
  },
  empty: async () => new FakeFarm([consumerSpec({ name: "a", size: autoscaled(0, 2) })]),
};

/** What comes of a verb: the outcome (times left out), and the slots when all is calm. */
const table: readonly (readonly [string, Verb | "rolling" | "signal", string, readonly string[]])[] = [
  ["running", "start", "done: a: running already", ["0 ready", "1 ready"]],
  ["running", "stop", "done: a: 2 workers stopped", ["0 stopped", "1 stopped"]],
  ["running", "restart", "done: a: 2 workers restarted", ["0 ready", "1 ready"]],
  ["running", "rolling", "done: a: 2 workers restarted one after the other", ["0 ready", "1 ready"]],
  ["running", "pause", "done: a: 2 workers paused", ["0 ready paused", "1 ready paused"]],
  ["running", "resume", "done: a: not paused", ["0 ready", "1 ready"]],
  ["running", "signal", "done: a: SIGHUP sent to 2 workers", ["0 ready", "1 ready"]],

  ["starting", "start", "done: a: running already", ["0 starting", "1 starting"]],
  ["starting", "stop", "done: a: 2 workers stopped", ["0 stopped", "1 stopped"]],
  ["starting", "pause", "done: a: 2 workers paused", ["0 starting paused", "1 starting paused"]],
  ["starting", "signal", "done: a: SIGHUP sent to 2 workers", ["0 starting", "1 starting"]],

  ["backoff", "start", "done: a: 2 workers started", ["0 ready", "1 ready"]],
  ["backoff", "stop", "done: a: 2 workers stopped", ["0 stopped", "1 stopped"]],
  ["backoff", "restart", "done: a: 2 workers restarted", ["0 ready", "1 ready"]],
  ["backoff", "rolling", "done: a: 2 workers restarted one after the other", ["0 ready", "1 ready"]],
  ["backoff", "pause", "done: a: 2 workers paused", ["0 backoff paused", "1 backoff paused"]],
  ["backoff", "resume", "done: a: not paused", ["0 ready", "1 ready"]],
  ["backoff", "signal", "failed: a: no process of it runs that could get SIGHUP", ["0 ready", "1 ready"]],

  ["parked", "start", "done: a: 2 workers started", ["0 ready", "1 ready"]],
  ["parked", "stop", "done: a: stopped already", ["0 stopped", "1 stopped"]],
  ["parked", "restart", "done: a: 2 workers restarted", ["0 ready", "1 ready"]],
  ["parked", "rolling", "done: a: 2 workers restarted one after the other", ["0 ready", "1 ready"]],
  ["parked", "pause", "failed: a: nothing runs that could be paused", ["0 parked", "1 parked"]],
  ["parked", "resume", "done: a: not paused", ["0 parked", "1 parked"]],
  ["parked", "signal", "failed: a: no process of it runs that could get SIGHUP", ["0 parked", "1 parked"]],

  ["stopped", "start", "done: a: 2 workers started", ["0 ready", "1 ready"]],
  ["stopped", "stop", "done: a: stopped already", ["0 stopped", "1 stopped"]],
  ["stopped", "restart", "done: a: 2 workers restarted", ["0 ready", "1 ready"]],
  [
    "stopped",
    "rolling",
    "failed: a: it has no worker to restart: none is there, or all are stopped or paused",
    ["0 stopped", "1 stopped"],
  ],
  ["stopped", "pause", "failed: a: nothing runs that could be paused", ["0 stopped", "1 stopped"]],
  ["stopped", "resume", "done: a: not paused", ["0 stopped", "1 stopped"]],
  ["stopped", "signal", "failed: a: no process of it runs that could get SIGHUP", ["0 stopped", "1 stopped"]],

  ["paused", "start", "done: a: running already", ["0 ready", "1 ready"]],
  ["paused", "stop", "done: a: 2 workers stopped", ["0 stopped", "1 stopped"]],
  ["paused", "restart", "done: a: 2 workers restarted", ["0 ready", "1 ready"]],
  [
    "paused",
    "rolling",
    "failed: a: it has no worker to restart: none is there, or all are stopped or paused",
    ["0 ready paused", "1 ready paused"],
  ],
  ["paused", "pause", "done: a: 2 workers paused", ["0 ready paused", "1 ready paused"]],
  ["paused", "resume", "done: a: 2 workers resumed", ["0 ready", "1 ready"]],
  ["paused", "signal", "done: a: SIGHUP sent to 2 workers", ["0 ready paused", "1 ready paused"]],

  ["finished", "start", "done: a: 2 workers started", ["0 ready", "1 ready"]],
  ["finished", "stop", "done: a: stopped already", ["0 stopped", "1 stopped"]],
  ["finished", "restart", "done: a: 2 workers restarted", ["0 ready", "1 ready"]],
  ["finished", "pause", "failed: a: nothing runs that could be paused", ["0 finished", "1 finished"]],
  ["finished", "resume", "done: a: not paused", ["0 finished", "1 finished"]],

  ["empty", "start", "done: a: its size is 0 now, so there is nothing to start", []],
  ["empty", "stop", "done: a: stopped already", []],
  ["empty", "restart", "done: a: it has no worker now, so there is nothing to restart", []],
  ["empty", "rolling", "failed: a: it has no worker to restart: none is there, or all are stopped or paused", []],
  ["empty", "pause", "done: a: paused; it has no worker now", []],
  ["empty", "resume", "done: a: not paused", []],
  ["empty", "signal", "failed: a: no process of it runs that could get SIGHUP", []],
];

describe("what comes of a verb", () => {
  test.each(table)("%s: %s", async (way, verb, outcome, slots) => {
    const farm = await (ways[way] ?? ways["running"]!)();
    const request = verb === "rolling" ? rolling(1) : verb === "signal" ? hup : all(verb);
    const asked = await farm.ask(request);
    await farm.calm();
    const told = asked.outcome;
    expect(`${told?.result}: ${told?.message.replace(/ in [\d.]+ s\b/u, "")}`).toBe(outcome);
    expect(farm.slots("a")).toEqual([...slots]);
    expect(farm.host.listeners).toBe(0);
    expect(farm.host.of("operation_ended")).toHaveLength(farm.host.of("operation_started").length);
  });

  test("draining by a scale-down: stop and restart leave it on its way, start brings others where there is a size", async () => {
    for (const verb of ["stop", "restart", "pause", "start"] as const) {
      const farm = await ways["draining"]!();
      expect(farm.slots("a")).toEqual(["0 draining", "1 draining"]);
      const asked = await farm.ask(all(verb));
      farm.finish(...farm.of("a"));
      await farm.calm();
      expect(asked.outcome).not.toBeNull();
      expect(farm.slots("a")).toEqual([]);
      expect(farm.host.children).toHaveLength(2);
      expect(farm.host.listeners).toBe(0);
    }
  });
});

describe("every request", () => {
  test("is told with who and why, before and after, under one number", async () => {
    const farm = new FakeFarm([pool("a", 1)]);
    const asked = await farm.ask(all("stop"));
    await farm.obey();
    expect(farm.host.of("operation_started")).toMatchObject([{ id: 1, who: alice, request: all("stop") }]);
    expect(farm.host.of("operation_ended")).toMatchObject([{ id: 1, who: alice, outcome: asked.outcome! }]);
    const order = farm.host.events.map(({ type }) => type);
    expect(order.indexOf("operation_started")).toBeLessThan(order.indexOf("worker_stopping"));
    expect(order.at(-1)).toBe("operation_ended");
  });

  test("of an unknown consumer or slot is refused with what there is, and told to nobody", async () => {
    const farm = new FakeFarm([pool("async", 2), pool("failed", 1)]);
    expect((await farm.ask(all("stop", "asinc"))).outcome).toEqual({
      result: "unknown_consumer",
      message: 'no consumer is called "asinc"; did you mean async?',
    });
    expect((await farm.ask(all("stop", "xyz"))).outcome?.message).toBe(
      'no consumer is called "xyz"; there are async, failed',
    );
    expect((await farm.ask({ action: "stop", consumer: "async", slot: 7 })).outcome).toEqual({
      result: "unknown_slot",
      message: "async has no worker in slot 7; there are 0, 1",
    });
    expect(farm.host.of("operation_started")).toEqual([]);
  });

  test("without waiting is answered at once, and its end told all the same", async () => {
    const farm = new FakeFarm([pool("a", 1)]);
    const asked = await farm.ask(all("stop"), false);
    expect(asked.outcome).toEqual({ result: "accepted", message: "a: stop has begun" });
    expect(farm.host.of("operation_ended")).toEqual([]);
    await farm.obey();
    expect(farm.host.of("operation_ended")).toMatchObject([{ outcome: { result: "done" } }]);
  });

  test("a server that stands in for the workers gets tasks or does not, and cannot be paused", async () => {
    const tasks = tasksSpec({ protocol: "fastcgi", fastcgi: fastcgiSpec() });
    const farm = new FakeFarm([pool("a", 0, { command: [], tasks })]);
    const said = async (action: "start" | "stop" | "pause") => (await farm.ask(all(action))).outcome?.message;
    expect(await said("pause")).toBe("a: it has no process to pause; pm stop a keeps tasks from its server");
    expect(await said("stop")).toBe("a: takes no more tasks");
    expect(await said("stop")).toBe("a: stopped already");
    expect(await said("start")).toBe("a: takes tasks");
  });

  test("scale is refused where a server stands in for the workers, but for what it is", async () => {
    const tasks = tasksSpec({ protocol: "fastcgi", fastcgi: fastcgiSpec() });
    const farm = new FakeFarm([pool("a", 0, { command: [], tasks })]);
    expect((await farm.ask(scale(1))).outcome).toEqual({
      result: "conflict",
      message: "a: a server that is there already does its work, so it has no workers; set tasks.connections",
    });
    expect((await farm.ask(scale(0))).outcome?.result).toBe("done");
    expect(farm.host.children).toEqual([]);
  });

  test("is refused while pm shuts down", async () => {
    const farm = new FakeFarm([pool("a", 1)]);
    farm.supervisor.shutdown("signal", 0, "SIGTERM");
    expect((await farm.ask(all("restart"))).outcome).toEqual({ result: "conflict", message: "pm is shutting down" });
  });

  test.each([all("stop"), all("restart"), rolling(1), all("pause"), scale(0), scale(4)])(
    "under way when the shutdown begins ends then, and truthfully: $action",
    async (request) => {
      const farm = new FakeFarm([pool("a", 2, { ready: { when: "protocol" } })]);
      farm.take(...farm.of("a"));
      const asked = await farm.ask(request);
      expect(asked.outcome).toBeNull();
      farm.supervisor.shutdown("signal", 0, "SIGTERM");
      await farm.turn();
      expect(asked.outcome?.result).not.toBe("done");
      expect(asked.outcome?.message).toContain("pm is shutting down");
      for (const child of farm.host.alive) child.end(exited(0));
      expect(farm.ends).toEqual([0]);
      expect(farm.host.listeners).toBe(0);
    },
  );
});

describe("stop", () => {
  test("holds against deaths, time and growth, until start", async () => {
    const farm = await ways["stopped"]!();
    await farm.pass(1e6);
    expect(farm.of("a")).toEqual([]);
    expect((await farm.ask(scale(4))).outcome?.message).toBe(
      "a: 2 → 4 workers by hand, until pm scale a --auto; it is stopped, so nothing was started",
    );
    expect(farm.of("a")).toEqual([]);
    const asked = await farm.ask(all("start"));
    await farm.pass(1_000);
    expect(asked.outcome?.message).toBe("a: 4 workers started in 1 s");
    expect(farm.slots("a")).toEqual(["0 ready", "1 ready", "2 ready", "3 ready"]);
  });

  test("says when a worker had to be killed", async () => {
    const farm = new FakeFarm([pool("a", 2, { stopTimeoutMs: 5_000 })]);
    const asked = await farm.ask(all("stop"));
    farm.at("a", 0).end(exited(0));
    await farm.pass(5_000);
    farm.at("a", 1).end(killed);
    await farm.turn();
    expect(asked.outcome?.message).toBe("a: 2 workers stopped in 5 s; 1 killed after stop_timeout");
  });

  test("of one worker leaves the others, and nobody takes its place while it is on its way or stopped", async () => {
    const farm = new FakeFarm([pool("a", 3), pool("b", 1)], { totalCap: 6 });
    await farm.ask(one("stop", 1));
    await farm.ask(scale(0, "b")); // a slot becomes free, and all are asked whether they lack workers
    await farm.obey();
    expect(farm.slots("a")).toEqual(["0 ready", "1 stopped", "2 ready"]);
    expect(farm.of("a")).toHaveLength(2);
    const asked = await farm.ask(one("start", 1));
    await farm.pass(1_000);
    expect(asked.outcome?.message).toBe("a: 1 worker started in 1 s");
    expect(farm.slots("a")).toEqual(["0 ready", "1 ready", "2 ready"]);
  });

  test("that somebody undoes meanwhile ends with a conflict, and the worker comes back once", async () => {
    const farm = new FakeFarm([pool("a", 2)]);
    const stop = await farm.ask(all("stop"));
    const start = await farm.ask(all("start"));
    await farm.calm();
    expect(stop.outcome).toEqual({ result: "conflict", message: "a: started again meanwhile" });
    expect(start.outcome?.message).toMatch(/^a: 2 workers started in/u);
    expect(farm.slots("a")).toEqual(["0 ready", "1 ready"]);
    expect(farm.host.children).toHaveLength(4);
  });
});

describe("start", () => {
  test("says which worker failed, and why", async () => {
    const farm = await ways["stopped"]!();
    const asked = await farm.ask(all("start"));
    farm.at("a", 1).end(exited(3));
    await farm.pass(1_000);
    expect(asked.outcome).toEqual({
      result: "failed",
      message: "a: 1 of 2 workers not started; worker 2 (slot 1) failed: exit code 3",
    });
  });

  test("of a program that is not there fails at once, with the words of the kernel", async () => {
    const farm = await ways["stopped"]!();
    farm.host.spawnFailure = { kind: "spawn_failed", code: "ENOENT", message: "no program x" };
    const asked = await farm.ask(one("start", 0));
    expect(asked.outcome).toEqual({
      result: "failed",
      message: "a: worker 1 (slot 0) failed: could not be started: no program x",
    });
  });

  test("of workers that never become ready fails when the time for that is over", async () => {
    const farm = await ways["starting"]!();
    await farm.ask(all("stop"));
    await farm.obey();
    const asked = await farm.ask(all("start"));
    await farm.pass(119_999);
    expect(asked.outcome).toBeNull();
    await farm.pass(1);
    expect(asked.outcome?.message).toBe(
      "a: 2 of 2 workers not started; worker 1 (slot 0) failed: is not ready after 120 s",
    );
  });

  test("of a worker that is paused before it is ready is called off", async () => {
    const farm = await ways["starting"]!();
    const asked = await farm.ask(all("restart"));
    await farm.ask(all("pause"));
    await farm.obey();
    expect(asked.outcome?.message).toBe(
      "a: 2 of 2 workers not restarted; worker 1 (slot 0) failed: was paused meanwhile",
    );
    expect(farm.slots("a")).toEqual(["0 backoff paused", "1 backoff paused"]);
  });

  test("of a consumer that gives up meanwhile ends for all its workers", async () => {
    const rules = { restart: { ...restartDefaults, failureLimit: 1, onFailureLimit: "park" } } as const;
    const farm = new FakeFarm([pool("a", 2, rules)]);
    farm.at("a", 0).end(exited(1));
    await farm.pass(1_000);
    const asked = await farm.ask(one("restart", 1));
    farm.at("a", 0).end(exited(1)); // opens the limit: the consumer parks
    await farm.obey();
    expect(asked.outcome?.message).toBe("a: worker 2 (slot 1) failed: given up: worker 1 reached the failure limit");
    expect(farm.slots("a")).toEqual(["0 parked", "1 parked"]);
    expect(farm.host.listeners).toBe(0);
  });

  test("brings a finished worker back only into a slot that the cap has kept for it", async () => {
    const rules = { restart: { ...restartDefaults, policy: "never" } } as const;
    const farm = new FakeFarm([pool("a", 2, rules), pool("b", 1)], { totalCap: 3 });
    for (const child of farm.of("a")) child.end(exited(0));
    expect((await farm.ask(scale(3, "b"))).outcome?.result).toBe("conflict");
    await farm.ask(all("start"));
    expect(farm.host.alive).toHaveLength(3);
  });
});

describe("restart", () => {
  test("starts each worker of a stopped consumer once", async () => {
    const farm = await ways["stopped"]!();
    await farm.ask(all("restart"));
    await farm.calm();
    expect(farm.host.children).toHaveLength(4);
    expect(farm.of("a").map(({ signals }) => signals)).toEqual([[], []]);
  });

  test("of a parked consumer ends its giving up: the failure limit counts anew", async () => {
    const farm = await ways["parked"]!();
    await farm.ask(all("restart"));
    await farm.calm();
    expect(farm.supervisor.snapshot().consumers[0]?.parked).toBeNull();
    for (const child of farm.of("a")) child.end(exited(78));
    expect(farm.host.of("consumer_parked")).toHaveLength(2);
  });

  test("rolling, too", async () => {
    const farm = await ways["parked"]!();
    await farm.ask(rolling(1));
    await farm.calm();
    expect(farm.supervisor.snapshot().consumers[0]?.parked).toBeNull();
  });

  test("of a paused consumer ends the pause: it is nobody's to hold any more", async () => {
    const farm = await ways["paused"]!();
    await farm.ask(all("restart"));
    await farm.calm();
    expect(farm.supervisor.snapshot().consumers[0]?.paused).toBe(false);
  });

  test("replaces all at once, and nobody stands in for them meanwhile", async () => {
    const farm = new FakeFarm([pool("a", 3), pool("b", 1)], { totalCap: 10 });
    await farm.ask(all("restart"));
    expect(farm.slots("a")).toEqual(["0 draining", "1 draining", "2 draining"]);
    await farm.ask(scale(0, "b")); // what b leaves is offered to all
    farm.of("b")[0]?.end(exited(0));
    expect(farm.host.children).toHaveLength(4);
    await farm.calm();
    expect(farm.slots("a")).toEqual(["0 ready", "1 ready", "2 ready"]);
  });

  test("a second one meanwhile joins the first", async () => {
    const farm = new FakeFarm([pool("a", 1)]);
    const [first, second] = [await farm.ask(all("restart")), await farm.ask(all("restart"))];
    await farm.calm();
    expect([first.outcome?.result, second.outcome?.result]).toEqual(["done", "done"]);
    expect(farm.host.children).toHaveLength(2);
  });
});

describe("pause", () => {
  test("freezes whole process groups, and resume lets them go on", async () => {
    const farm = await ways["paused"]!();
    expect(farm.of("a").map(({ signals }) => signals)).toEqual([["SIGSTOP group"], ["SIGSTOP group"]]);
    await farm.ask(all("resume"));
    expect(farm.at("a", 0).signals).toEqual(["SIGSTOP group", "SIGCONT group"]);
    expect(farm.host.of("worker_paused")).toHaveLength(2);
    expect(farm.host.of("worker_resumed")).toHaveLength(2);
  });

  test("waits for the message in hand of a worker that reports its messages", async () => {
    const farm = new FakeFarm([pool("a", 1)]);
    farm.take(farm.at("a", 0));
    const asked = await farm.ask(all("pause"));
    expect(asked.outcome).toBeNull();
    expect(farm.at("a", 0).signals).toEqual([]);
    farm.finish(farm.at("a", 0));
    await farm.turn();
    expect(asked.outcome?.message).toBe("a: 1 worker paused");
    expect(farm.at("a", 0).signals).toEqual(["SIGSTOP group"]);
  });

  test("lets a message through that was taken just before the freeze, and freezes again after it", async () => {
    const farm = await ways["paused"]!();
    const child = farm.at("a", 0);
    farm.take(child);
    expect(child.signals).toEqual(["SIGSTOP group", "SIGCONT group"]);
    farm.finish(child);
    expect(child.signals).toEqual(["SIGSTOP group", "SIGCONT group", "SIGSTOP group"]);
  });

  test("that is resumed before the message is done ends with a conflict, and freezes nothing later", async () => {
    const farm = new FakeFarm([pool("a", 1)]);
    farm.take(farm.at("a", 0));
    const asked = await farm.ask(all("pause"));
    await farm.ask(all("resume"));
    expect(asked.outcome).toEqual({ result: "conflict", message: "a: resumed or stopped meanwhile" });
    farm.finish(farm.at("a", 0));
    expect(farm.at("a", 0).signals).toEqual([]);
  });

  test("ends when the consumer gives up before the message is done", async () => {
    const rules = { restart: { ...restartDefaults, failureLimit: 1, onFailureLimit: "park" } } as const;
    const farm = new FakeFarm([pool("a", 2, rules)]);
    farm.take(farm.at("a", 1));
    const asked = await farm.ask(one("pause", 1));
    farm.at("a", 0).end(exited(1));
    await farm.pass(1_000);
    farm.at("a", 0).end(exited(1));
    await farm.turn();
    expect(asked.outcome).toEqual({ result: "conflict", message: "a: resumed or stopped meanwhile" });
    await farm.obey();
    expect(farm.slots("a")).toEqual(["0 parked", "1 parked"]);
  });

  test("a frozen worker that is stopped gets its signal and is let go, so that it can obey", async () => {
    const farm = await ways["paused"]!();
    await farm.ask(one("stop", 0));
    expect(farm.at("a", 0).signals).toEqual(["SIGSTOP group", "SIGTERM", "SIGCONT group"]);
    await farm.obey();
    expect(farm.slots("a")).toEqual(["0 stopped", "1 ready paused"]);
  });

  test("a frozen worker that dies stays away until resume", async () => {
    const farm = await ways["paused"]!();
    farm.at("a", 0).end(killed);
    await farm.pass(1e6);
    expect(farm.slots("a")).toEqual(["0 backoff paused", "1 ready paused"]);
    await farm.ask(all("resume"));
    expect(farm.slots("a")).toEqual(["0 ready", "1 ready"]);
    expect(farm.host.children).toHaveLength(3);
  });

  test("a worker that is being replaced when it is paused stays away, and that is told", async () => {
    const farm = new FakeFarm([pool("a", 1)]);
    await farm.ask(all("restart"));
    const asked = await farm.ask(all("pause"));
    expect(asked.outcome).toBeNull();
    await farm.obey();
    expect(asked.outcome?.message).toBe("a: 1 worker paused");
    expect(farm.host.of("worker_paused")).toHaveLength(1);
    expect(farm.of("a")).toEqual([]);
  });

  test("a late frame of a frozen process that has died pauses nobody", async () => {
    const farm = new FakeFarm([pool("a", 1)]);
    const child = farm.at("a", 0);
    farm.take(child);
    await farm.ask(all("pause"));
    child.exit(killed);
    await farm.ask(all("resume"));
    const told = farm.host.of("worker_paused").length;
    farm.finish(child);
    expect(farm.host.of("worker_paused")).toHaveLength(told);
    expect(farm.slots("a")).toEqual(["0 ready"]);
  });

  test("workers that a paused consumer grows by wait for resume too", async () => {
    const farm = await ways["paused"]!();
    const asked = await farm.ask(scale(4));
    expect(asked.outcome?.result).toBe("done");
    expect(farm.slots("a")).toEqual(["0 ready paused", "1 ready paused", "2 backoff paused", "3 backoff paused"]);
    expect(farm.host.children).toHaveLength(2);
    await farm.ask(all("resume"));
    expect(farm.slots("a")).toEqual(["0 ready", "1 ready", "2 ready", "3 ready"]);
  });

  test("a consumer without workers can be paused: what it grows by waits", async () => {
    const farm = await ways["empty"]!();
    await farm.ask(all("pause"));
    await farm.ask(scale(1));
    expect(farm.host.children).toEqual([]);
    expect((await farm.ask(all("resume"))).outcome?.message).toBe("a: 1 worker resumed");
    expect(farm.slots("a")).toEqual(["0 ready"]);
  });

  test("one worker of a paused consumer that goes on ends the pause of the whole", async () => {
    const farm = await ways["paused"]!();
    await farm.ask(one("resume", 0));
    expect(farm.slots("a")).toEqual(["0 ready", "1 ready paused"]);
    expect(farm.supervisor.snapshot().consumers[0]?.paused).toBe(false);
  });

  test("what cannot be paused is not held as paused", async () => {
    const farm = await ways["parked"]!();
    await farm.ask(all("pause"));
    expect(farm.supervisor.snapshot().consumers[0]).toMatchObject({ paused: false });
    await farm.ask(all("start"));
    expect(farm.slots("a")).toEqual(["0 ready", "1 ready"]);
  });
});

describe("scale", () => {
  test("by hand grows and waits for the new workers, and shrinks and waits for those that go", async () => {
    const farm = new FakeFarm([pool("a", 1)]);
    const up = await farm.ask(scale(3));
    expect(up.outcome).toBeNull();
    await farm.pass(1_000);
    expect(up.outcome).toEqual({
      result: "done",
      message: "a: 1 → 3 workers by hand, until pm scale a --auto",
    });
    const busy = farm.at("a", 2);
    farm.take(busy);
    const down = await farm.ask(scale(0));
    await farm.obey();
    expect(down.outcome).toBeNull();
    farm.finish(busy);
    await farm.obey();
    expect(down.outcome?.result).toBe("done");
    expect(farm.slots("a")).toEqual([]);
  });

  test("beyond the cap is refused with the size there is room for; a smaller one never is", async () => {
    const farm = new FakeFarm([pool("a", 2), pool("b", 2)], { totalCap: 5 });
    const refused = {
      result: "conflict",
      message: "a: total_cap leaves room for 3 of it now, not 4; scale something else down first",
    } as const;
    expect((await farm.ask(scale(4), false)).outcome).toEqual(refused);
    expect(farm.host.of("operation_started")).toEqual([]);
    expect((await farm.ask(scale(3), false)).outcome?.result).toBe("accepted");
    farm.supervisor.adopt({ ...farm.spec, totalCap: 2 });
    expect((await farm.ask(scale(2), false)).outcome?.result).toBe("accepted");
  });

  test("by hand keeps the autoscaler away, until the size is given back; and then it goes on from there", async () => {
    const farm = new FakeFarm([consumerSpec({ name: "a", size: autoscaled(1, 5, { scaleDownCooldownMs: 60_000 }) })]);
    await farm.ask(scale(4));
    await farm.pass(10_000);
    await farm.pass(10_000);
    expect(farm.of("a")).toHaveLength(4);
    expect(farm.host.of("scaling_decided")).toEqual([]);
    farm.take(...farm.of("a"));
    const given = await farm.ask(auto);
    expect(given.outcome?.message).toBe("a: its size is up to the autoscaler again");
    await farm.pass(10_000);
    expect(farm.host.of("scaling_decided")).toMatchObject([{ decision: { previous: 4, current: 4 } }]);
    expect((await farm.ask(auto)).outcome?.message).toBe("a: its size is up to the autoscaler already");
  });

  test("--auto of a fixed size goes back to the file's", async () => {
    const farm = new FakeFarm([pool("a", 2)]);
    await farm.ask(scale(1));
    await farm.obey();
    const asked = await farm.ask(auto);
    await farm.pass(1_000);
    expect(asked.outcome?.message).toBe("a: its size is up to what the file says (2) again");
    expect(farm.of("a")).toHaveLength(2);
  });

  test("the autoscaler does not bring down at once what a person has just given back", async () => {
    const farm = new FakeFarm([
      consumerSpec({ name: "a", size: autoscaled(1, 5, { scaleDownCooldownMs: 0, scaleDownStep: 1 }) }),
    ]);
    await farm.ask(scale(4));
    await farm.ask(auto); // within one interval: no evaluation has seen the 4
    await farm.pass(10_000);
    expect(farm.of("a").filter(({ signals }) => signals.length > 0)).toHaveLength(1);
  });
});

describe("a worker that is to go", () => {
  test("goes, whatever else ends it: a limit, or a stop", async () => {
    const liveness = { pingTimeoutMs: null, maxMessageTimeMs: 20_000, noProgressMs: null };
    for (const end of ["limit", "stop"]) {
      const farm = new FakeFarm([pool("a", 2, { liveness })]);
      farm.take(...farm.of("a"));
      await farm.ask(scale(1));
      expect(farm.slots("a")).toEqual(["0 ready", "1 draining"]);
      if (end === "stop") await farm.ask(all("stop"));
      farm.finish(farm.at("a", 0));
      await farm.pass(20_000);
      await farm.obey();
      expect(farm.slots("a")).toHaveLength(1);
    }
  });

  test("takes the degraded state of its consumer along", async () => {
    const farm = new FakeFarm([pool("a", 2)]);
    for (let failure = 0; failure < 4; failure++) {
      farm.at("a", 1).end(exited(1));
      await farm.pass(4_000);
    }
    expect(farm.supervisor.snapshot().consumers[0]?.degraded).toBe(true);
    await farm.ask(scale(1));
    await farm.obey();
    expect(farm.supervisor.snapshot().consumers[0]?.degraded).toBe(false);
  });
});

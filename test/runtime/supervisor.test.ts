import { describe, expect, test } from "bun:test";
import type { ConsumerSpec } from "../../src/core/farm/spec.ts";
import { Supervisor } from "../../src/runtime/supervisor.ts";
import { exited, FakeHost, noScalingPorts } from "../support/fake-host.ts";
import { consumerSpec, farmSpec, restartDefaults, scalingSpec } from "../support/specs.ts";

function running(...consumers: ConsumerSpec[]): { host: FakeHost; supervisor: Supervisor; ends: number[] } {
  const host = new FakeHost();
  const ends: number[] = [];
  const supervisor = new Supervisor(farmSpec(consumers), host, noScalingPorts, (exitCode) => ends.push(exitCode));
  supervisor.start();
  return { host, supervisor, ends };
}

const pool = (name: string, processes: number, changes: Partial<ConsumerSpec> = {}): ConsumerSpec =>
  consumerSpec({ name, size: { kind: "static", processes }, ...changes });

/** Fails every worker of a consumer until none of them is started again. */
function failUntilQuiet(host: FakeHost, consumer: string): void {
  for (let round = 0; round < 6; round++) {
    for (const child of host.alive.filter(({ request }) => request.spec.name === consumer)) child.end(exited(1));
    host.clock.advance(8_000);
  }
}

describe("start", () => {
  test("worker ids are unique over all consumers, slots count within each", () => {
    const { host } = running(pool("a", 2), pool("b", 2));
    expect(host.children.map(({ request }) => [request.spec.name, request.workerId, request.slot])).toEqual([
      ["a", 1, 0],
      ["a", 2, 1],
      ["b", 3, 0],
      ["b", 4, 1],
    ]);
  });

  test("however many consumers join at once, signals and probes are heard in between", () => {
    const { host, supervisor } = running();
    let nowMs = 0;
    host.clock.nowMs = () => nowMs;
    const spawn = host.spawn.bind(host);
    host.spawn = (...given) => {
      nowMs += 5;
      return spawn(...given);
    };
    for (let at = 0; at < 10; at++) supervisor.add(pool(`c${at}`, 1));
    expect(host.children).toHaveLength(2);
    host.clock.advance(0);
    expect(host.children.map(({ request }) => request.spec.name)).toEqual(
      Array.from({ length: 10 }, (_, at) => `c${at}`),
    );
  });

  test("an autoscaled consumer starts at its minimum", () => {
    const { host, supervisor } = running(
      consumerSpec({ size: { kind: "autoscaled", min: 2, max: 5, scaling: scalingSpec() } }),
    );
    expect(host.children).toHaveLength(2);
    expect(supervisor.snapshot().consumers[0]).toMatchObject({ min: 2, max: 5, target: 2 });
  });
});

describe("shutdown", () => {
  test("tells all workers at once and ends with 0 when the last has gone", () => {
    const { host, supervisor, ends } = running(pool("a", 2), pool("b", 1));
    supervisor.shutdown("signal", 0, "SIGTERM");
    expect(host.children.map(({ signals }) => signals)).toEqual([["SIGTERM"], ["SIGTERM"], ["SIGTERM"]]);
    expect(supervisor.snapshot().phase).toBe("stopping");
    host.children[0]?.end(exited(0));
    host.children[1]?.end(exited(0));
    expect(ends).toEqual([]);
    host.children[2]?.end(exited(0));
    expect(ends).toEqual([0]);
    expect(host.children).toHaveLength(3);
  });

  test("each consumer has its own deadline", () => {
    const { host, supervisor } = running(
      pool("a", 1, { stopTimeoutMs: 1_000 }),
      pool("b", 1, { stopTimeoutMs: 9_000 }),
    );
    supervisor.shutdown("signal", 0, "SIGTERM");
    host.clock.advance(1_500);
    expect(host.children.map(({ signals }) => signals.length)).toEqual([2, 1]);
  });

  test("kill ends what still runs, without a deadline", () => {
    const { host, supervisor } = running(pool("a", 2));
    supervisor.shutdown("signal", 0, "SIGTERM");
    supervisor.kill();
    expect(host.children.map(({ signals }) => signals)).toEqual([
      ["SIGTERM", "KILL group"],
      ["SIGTERM", "KILL group"],
    ]);
  });

  test("a farm without a running worker ends at once", () => {
    const { host, supervisor, ends } = running(pool("a", 1));
    host.child.end(exited(1));
    supervisor.shutdown("signal", 0, "SIGTERM");
    expect(ends).toEqual([0]);
  });

  test("only the first reason counts", () => {
    const { host, supervisor } = running(pool("a", 1));
    supervisor.shutdown("signal", 0, "SIGTERM");
    supervisor.shutdown("failure_limit", 1, null);
    expect(host.of("shutting_down")).toMatchObject([{ reason: "signal" }]);
  });
});

describe("a consumer over its failure limit", () => {
  test("retry: goes on, degraded, and the others do not notice", () => {
    const { host, supervisor, ends } = running(pool("bad", 1), pool("good", 1));
    failUntilQuiet(host, "bad");
    expect(ends).toEqual([]);
    expect(supervisor.snapshot().consumers.map(({ degraded, parked }) => [degraded, parked])).toEqual([
      [true, null],
      [false, null],
    ]);
    expect(host.children.filter(({ request }) => request.spec.name === "good")).toHaveLength(1);
  });

  test("park: the consumer stops, all its workers, and the others go on", () => {
    const rules = { restart: { ...restartDefaults, onFailureLimit: "park" } } as const;
    const { host, supervisor, ends } = running(pool("bad", 2, rules), pool("good", 1));
    const [first, second] = host.children;
    for (let failure = 0; failure < 4; failure++) {
      host.alive.find(({ request }) => request.workerId === 1)?.end(exited(1));
      host.clock.advance(4_000);
    }
    expect(first?.alive).toBe(false);
    expect(second?.signals).toEqual(["SIGTERM"]);
    second?.end(exited(0));
    host.clock.advance(60_000);
    expect(supervisor.snapshot().consumers[0]).toMatchObject({
      parked: "worker 1 reached the failure limit",
      workers: [{ state: "parked" }, { state: "parked" }],
    });
    expect(ends).toEqual([]);
    supervisor.shutdown("signal", 0, "SIGTERM");
    host.alive[0]?.end(exited(0));
    expect(ends).toEqual([0]);
  });

  test("exit: the farm stops and ends with 1", () => {
    const rules = { restart: { ...restartDefaults, onFailureLimit: "exit" } } as const;
    const { host, ends } = running(pool("bad", 2, rules), pool("good", 1));
    for (let failure = 0; failure < 4; failure++) {
      host.alive.find(({ request }) => request.workerId === 1)?.end(exited(1));
      host.clock.advance(4_000);
    }
    expect(host.of("shutting_down")).toMatchObject([{ reason: "failure_limit" }]);
    for (const child of host.alive) child.end(exited(0));
    expect(ends).toEqual([1]);
  });

  test("park and essential: the farm stops and ends with 1", () => {
    const rules = { restart: { ...restartDefaults, onFailureLimit: "park", essential: true } } as const;
    const { host, ends } = running(pool("bad", 1, rules), pool("good", 1));
    failUntilQuiet(host, "bad");
    expect(host.of("shutting_down")).toMatchObject([{ reason: "essential" }]);
    for (const child of host.alive) child.end(exited(0));
    expect(ends).toEqual([1]);
  });
});

test("an essential consumer that gives up ends the farm at once, without waiting for its other workers first", () => {
  const rules = { restart: { ...restartDefaults, onFailureLimit: "park", essential: true } } as const;
  const { host } = running(pool("bad", 2, rules), pool("good", 1));
  for (let failure = 0; failure < 4; failure++) {
    host.alive.find(({ request }) => request.workerId === 1)?.end(exited(1));
    host.clock.advance(4_000);
  }
  expect(host.of("shutting_down")).toMatchObject([{ reason: "essential" }]);
  expect(host.alive.map(({ signals }) => signals)).toEqual([["SIGTERM"], ["SIGTERM"]]);
});

test("a bug during shutdown shows in the exit code", () => {
  const { host, supervisor, ends } = running(pool("a", 1));
  supervisor.shutdown("signal", 0, "SIGTERM");
  supervisor.shutdown("internal_error", 70, null);
  host.child.end(exited(0));
  expect(ends).toEqual([70]);
});

describe("workers that are not to be restarted", () => {
  const never = { restart: { ...restartDefaults, policy: "never" } } as const;

  test("the farm is completed when all have finished well", () => {
    const { host, ends } = running(pool("a", 2, never));
    for (const child of host.alive) child.end(exited(0));
    expect(host.of("shutting_down")).toMatchObject([{ reason: "completed" }]);
    expect(ends).toEqual([0]);
  });

  test("and ends with 1 when one of them failed", () => {
    const { host, ends } = running(pool("a", 2, never));
    host.children[0]?.end(exited(3));
    host.children[1]?.end(exited(0));
    expect(ends).toEqual([1]);
  });

  test("others that still run keep the farm alive", () => {
    const { host, ends } = running(pool("a", 1, never), pool("b", 1));
    host.children[0]?.end(exited(0));
    expect(ends).toEqual([]);
  });

  test("an exit code that forbids a restart parks its worker; the consumer has given up when all are", () => {
    const rules = { restart: { ...restartDefaults, neverRestartCodes: [78], essential: true } };
    const { host, ends } = running(pool("a", 2, rules));
    host.children[0]?.end(exited(78));
    host.clock.advance(60_000);
    expect(host.children).toHaveLength(2);
    expect(host.of("shutting_down")).toEqual([]);
    host.children[1]?.end(exited(78));
    expect(ends).toEqual([1]);
  });
});

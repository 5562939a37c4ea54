import { describe, expect, test } from "bun:test";
import { safeParse } from "valibot";
import type { ConsumerSnapshot } from "../../src/core/farm/snapshot.ts";
import { farmStatus } from "../../src/protocol/control-documents.ts";
import { type StatusInput, toStatus } from "../../src/protocol/control-status.ts";
import { aConsumer, aFarm, aWorker, someTasks } from "../core/farm/samples.ts";
import { consumerSpec, farmSpec, fastcgiSpec, restartDefaults, tasksSpec } from "../support/specs.ts";

const noon = Date.UTC(2026, 0, 1, 12);

function input(consumers: readonly ConsumerSnapshot[], given: Partial<StatusInput> = {}): StatusInput {
  return {
    snapshot: aFarm(consumers),
    epochMs: noon,
    usage: new Map(),
    spec: farmSpec([consumerSpec({ env: { PASSWORD: "hunter2" }, command: ["worker", "--token=hunter2"] })]),
    version: "1.2.3",
    pid: 99,
    startedAtEpochMs: noon - 90_000,
    http: "http://127.0.0.1:9100",
    lastReload: null,
    source: null,
    owners: null,
    ...given,
  };
}

const never = aWorker({ id: 3, slot: 2, state: "parked", pid: null, startedAtMs: null });
const waiting = aWorker({
  id: 2,
  slot: 1,
  state: "backoff",
  pid: null,
  startedAtMs: 1_000,
  nextStartAtMs: 11_500,
  failures: 2,
  restarts: 5,
  lastExit: { kind: "signaled", signal: "SIGSEGV", number: 11 },
  lastExitAtMs: 9_000,
});
const busy = aWorker({ busy: 2, slots: 4, inFlight: { async: 2 }, startedAtMs: 4_000 });

describe("toStatus", () => {
  test("tells of a farm, with times by the wall clock and durations by the monotonic one", () => {
    const status = toStatus(
      input([aConsumer({ workers: [waiting, never, busy], min: 1, max: 5, messagesTotal: 12 })], {
        usage: new Map([
          [99, { rssBytes: 5, cpuSeconds: 1.5 }],
          [100, { rssBytes: 7, cpuSeconds: 0.25 }],
        ]),
      }),
    );
    expect(status).toMatchObject({
      api: "v1",
      pid: 99,
      started_at: "2026-01-01T11:58:30.000Z",
      uptime_seconds: 90,
      rss_bytes: 5,
      cpu_seconds: 1.5,
      consumers: [{ consumer: "async", min: 1, max: 5, target: 3, ready: 1, busy: 1, messages_total: 12 }],
    });
    expect(status.consumers[0]?.workers).toEqual([
      {
        worker: 1,
        slot: 0,
        state: "ready",
        paused: false,
        pid: 100,
        started_at: "2026-01-01T11:59:54.000Z",
        uptime_seconds: 6,
        restarts: 0,
        failures: 0,
        failure_limit: 3,
        failure_window_seconds: 60,
        next_start_at: null,
        next_start_in_seconds: null,
        last_exit: null,
        busy: 2,
        slots: 4,
        in_flight: { async: 2 },
        rss_bytes: 7,
        cpu_seconds: 0.25,
      },
      expect.objectContaining({
        worker: 2,
        pid: null,
        started_at: null,
        uptime_seconds: null,
        restarts: 5,
        failures: 2,
        next_start_at: "2026-01-01T12:00:01.500Z",
        next_start_in_seconds: 1.5,
        last_exit: { code: 139, signal: "SIGSEGV", text: "killed by SIGSEGV", at: "2026-01-01T11:59:59.000Z" },
        rss_bytes: null,
      }),
      expect.objectContaining({ worker: 3, state: "parked", last_exit: null, uptime_seconds: null }),
    ]);
  });

  test("shows neither the environment nor the command line of a worker", () => {
    expect(JSON.stringify(toStatus(input([aConsumer()])))).not.toContain("hunter2");
  });

  test("tells of tasks, and of a server that stands in for workers", () => {
    const fastcgi = fastcgiSpec({ address: { kind: "unix", path: "/run/php.sock" }, connections: 8 });
    const served = consumerSpec({ name: "served", command: [], tasks: tasksSpec({ protocol: "fastcgi", fastcgi }) });
    const spec = farmSpec([consumerSpec({ tasks: tasksSpec() }), served, consumerSpec({ name: "plain" })]);
    const given = [
      aConsumer({ tasks: someTasks() }),
      aConsumer({ name: "served", workers: [], tasks: someTasks() }),
      aConsumer({ name: "plain" }),
    ];
    const tasks = {
      waiting: 3,
      in_flight: 1,
      accepted_total: 9,
      finished_total: someTasks().finished,
      rejected_total: someTasks().rejected,
      server: null,
    };
    const status = toStatus(input(given, { spec }));
    expect(safeParse(farmStatus, status).issues).toBeUndefined();
    expect(status.consumers).toMatchObject([
      { tasks },
      { state: "running", why: null, tasks: { ...tasks, server: { address: "unix:/run/php.sock", connections: 8 } } },
      { tasks: null },
    ]);
  });

  const finished = aWorker({ state: "finished", pid: null });
  test.each([
    ["ready", {}, "running", null],
    ["empty and allowed to be", { workers: [] }, "running", null],
    [
      "starting",
      { workers: [aWorker({ state: "starting" })] },
      "starting",
      "0 of 1 worker ready; worker 1 is starting",
    ],
    ["degraded", { degraded: true }, "degraded", "1 of 1 worker ready"],
    ["parked", { parked: "failure limit reached" }, "parked", "given up: failure limit reached"],
    ["stopped", { stopped: true, workers: [aWorker({ state: "stopped", pid: null })] }, "stopped", "stopped by hand"],
    [
      "being stopped",
      { stopped: true, workers: [aWorker({ state: "draining" })] },
      "stopped",
      "stopped by hand; 1 still running",
    ],
    ["paused", { paused: true, workers: [aWorker({ paused: true })] }, "paused", "paused by hand"],
    [
      "draining",
      { workers: [aWorker({ state: "draining" })] },
      "draining",
      "0 of 1 worker ready; worker 1 is draining",
    ],
    ["finished", { workers: [finished] }, "finished", "every worker has finished, and none is to start again"],
    ["without its source", { sourceFailure: "redis down" }, "running", "the autoscaler gets no answer: redis down"],
  ] as const)("a consumer that is %s", (_, given, state, why) => {
    expect(toStatus(input([aConsumer(given)])).consumers[0]).toMatchObject({ state, why });
  });

  test("every consumer of a farm that stops is draining", () => {
    const snapshot = aFarm([aConsumer({ stopped: true, workers: [] }), aConsumer({ name: "mail" })], "stopping");
    expect(toStatus(input([], { snapshot })).consumers).toMatchObject([
      { state: "draining", why: "pm is stopping" },
      { state: "draining", why: "pm is stopping; 1 still running" },
    ]);
  });

  test("paused workers are not counted as ready", () => {
    const workers = [aWorker(), aWorker({ id: 2, slot: 1, paused: true })];
    expect(toStatus(input([aConsumer({ workers })])).consumers[0]).toMatchObject({ ready: 1, state: "running" });
  });

  test("tells of the last reload, the source and the cluster", () => {
    const cluster = { nodes: ["a", "b"], self: "a", by: "rendezvous", share: "consumers" } as const;
    const outcome = { result: "done", message: "nothing changed", problems: [], plan: null } as const;
    const program = { command: ["x", "hunter2"], mode: "push", intervalMs: 1, timeoutMs: 1, cwd: "/" } as const;
    const owners = [{ consumer: "async", node: "b", workers: null }];
    const source = { spec: program, lastDocumentEpochMs: noon, error: null, consumers: 2, rejected: [] };
    const status = toStatus(
      input([], { spec: farmSpec([], { cluster }), owners, source, lastReload: { atEpochMs: noon, outcome } }),
    );
    expect(status.last_reload).toEqual({ at: "2026-01-01T12:00:00.000Z", result: "done", message: "nothing changed" });
    expect(status.cluster).toEqual({ ...cluster, nodes: ["a", "b"], owners });
    expect(status.source).toEqual({
      mode: "push",
      state: "ok",
      last_document_at: "2026-01-01T12:00:00.000Z",
      error: null,
      consumers: 2,
      rejected: [],
    });
  });

  test.each([
    [null, null, "waiting"],
    [noon, null, "ok"],
    [noon, "exit code 1", "failing"],
    [null, "exit code 1", "failing"],
  ] as const)("a source whose last document came at %p, with the error %p, is %s", (last, error, state) => {
    const program = { command: ["x"], mode: "poll", intervalMs: 1, timeoutMs: 1, cwd: "/" } as const;
    const source = { spec: program, lastDocumentEpochMs: last, error, consumers: 0, rejected: [] };
    expect(toStatus(input([], { source })).source?.state).toBe(state);
  });

  test("fits its schema, whatever is missing", () => {
    const autoscaled = aConsumer({ sizedBy: "autoscaler", workers: [never], problem: "no" });
    expect(safeParse(farmStatus, toStatus(input([autoscaled, aConsumer({ workers: [] })]))).success).toBe(true);
    expect(restartDefaults.failureLimit).toBe(3);
  });
});

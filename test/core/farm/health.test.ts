import { describe, expect, test } from "bun:test";
import { judgeReadiness } from "../../../src/core/farm/health.ts";
import type { WorkerSnapshot } from "../../../src/core/farm/snapshot.ts";
import { aConsumer, aFarm, aWorker } from "./samples.ts";

const failing = (workers: readonly WorkerSnapshot[]) =>
  aConsumer({ name: "mail", workers, sourceFailure: "redis down" });
const exit1 = { kind: "exited", code: 1 } as const;
const ready = (id: number) => aWorker({ id });
const stopped = (id: number) => aWorker({ id, state: "stopped", pid: null });
const starting = (id: number) => aWorker({ id, state: "starting" });
const waiting = (id: number) =>
  aWorker({ id, state: "backoff", pid: null, startedAtMs: null, nextStartAtMs: 11_234, lastExit: exit1, failures: 2 });

describe("judgeReadiness", () => {
  test.each([
    ["it has no consumers", []],
    ["every worker is ready", [aConsumer({ workers: [ready(1), ready(2)] }), aConsumer({ name: "mail" })]],
    ["every worker has finished", [aConsumer({ workers: [aWorker({ state: "finished", pid: null })] })]],
    ["some finished, the rest ready", [aConsumer({ workers: [aWorker({ state: "finished", pid: null }), ready(2)] })]],
    ["the minimum is there while more start", [aConsumer({ workers: [ready(1), starting(2)], min: 1 })]],
    ["the minimum is there while one waits", [aConsumer({ workers: [ready(1), waiting(2)], min: 1 })]],
    ["a consumer that may be empty is empty", [aConsumer({ workers: [] })]],
  ])("a farm is ready when %s", (_, consumers) => {
    expect(judgeReadiness(aFarm(consumers))).toEqual({ ready: true, consumers: [], warnings: [] });
  });

  test.each([
    [
      "a worker starts",
      aConsumer({ workers: [ready(1), starting(2)] }),
      "starting",
      "1 of 2 workers ready; worker 2 is starting",
    ],
    [
      "a worker waits for its next start",
      aConsumer({ workers: [ready(2), ready(3), waiting(4)] }),
      "starting",
      "2 of 3 workers ready; next start of worker 4 in 1.2s after exit code 1",
    ],
    [
      "a start is overdue",
      aConsumer({ workers: [aWorker({ id: 4, state: "backoff", pid: null, nextStartAtMs: 9_000 })] }),
      "starting",
      "0 of 1 worker ready; next start of worker 4 in 0s",
    ],
    [
      "no worker has been made yet",
      aConsumer({ workers: [], min: 2, target: 3 }),
      "starting",
      "0 of 3 workers ready, 2 needed",
    ],
    [
      "one of several is being replaced and another waits",
      aConsumer({ workers: [aWorker({ state: "draining" }), waiting(2)] }),
      "starting",
      "0 of 2 workers ready; worker 1 is draining; next start of worker 2 in 1.2s after exit code 1",
    ],
    [
      "all that is missing is being replaced",
      aConsumer({ workers: [aWorker({ state: "draining" }), ready(2)] }),
      "draining",
      "1 of 2 workers ready; worker 1 is draining",
    ],
    [
      "it is degraded, however many are ready",
      aConsumer({ workers: [ready(1), waiting(2)], min: 1, degraded: true }),
      "degraded",
      "1 of 2 workers ready, 1 needed; next start of worker 2 in 1.2s after exit code 1",
    ],
    [
      "it has given up",
      aConsumer({
        workers: [aWorker({ state: "parked", pid: null })],
        parked: "failure limit reached",
        degraded: true,
      }),
      "parked",
      "0 of 1 worker ready; given up: failure limit reached",
    ],
    [
      "a worker of the minimum is parked",
      aConsumer({
        workers: [ready(1), aWorker({ id: 2, state: "parked", pid: null, lastExit: { kind: "exited", code: 78 } })],
      }),
      "parked",
      "1 of 2 workers ready; worker 2 is parked after exit code 78",
    ],
  ] as const)("a consumer is not ready when %s", (_, consumer, reason, detail) => {
    expect(judgeReadiness(aFarm([aConsumer({ name: "fine" }), consumer]))).toEqual({
      ready: false,
      consumers: [{ consumer: "async", reason, detail }],
      warnings: [],
    });
  });

  test("a farm that stops is draining, whatever its workers do; one that has been reaped runs no more", () => {
    const reaped = aWorker({ id: 3, state: "draining", pid: null });
    const consumers = [
      aConsumer({ workers: [aWorker({ state: "draining" }), waiting(2), reaped] }),
      aConsumer({ name: "mail", workers: [] }),
    ];
    expect(judgeReadiness(aFarm(consumers, "stopping"))).toEqual({
      ready: false,
      consumers: [
        { consumer: "async", reason: "draining", detail: "stopping; 1 worker still running" },
        { consumer: "mail", reason: "draining", detail: "stopping; 0 workers still running" },
      ],
      warnings: [],
    });
  });

  test("a source of the autoscaler that fails is a warning, whether or not the farm is ready", () => {
    const warnings = [{ consumer: "mail", reason: "source_failing" as const, detail: "redis down" }];
    expect(judgeReadiness(aFarm([aConsumer(), failing([ready(1)])]))).toEqual({ ready: true, consumers: [], warnings });
    expect(judgeReadiness(aFarm([aConsumer(), failing([starting(1)])]))).toMatchObject({ ready: false, warnings });
  });

  test("a farm that stops warns of no source: nobody asks them any more", () => {
    expect(judgeReadiness(aFarm([aConsumer({ sourceFailure: "redis down" })], "stopping")).warnings).toEqual([]);
  });

  test.each([
    [
      "a consumer that a person stopped",
      aConsumer({ workers: [stopped(1), stopped(2)], stopped: true }),
      [["stopped", "2 of 2 workers stopped by hand"]],
    ],
    [
      "a consumer that a person paused, degraded or not",
      aConsumer({ workers: [aWorker({ paused: true })], paused: true, degraded: true }),
      [["paused", "1 of 1 worker paused by hand"]],
    ],
    [
      "single workers that a person stopped or paused",
      aConsumer({ workers: [ready(1), stopped(2), aWorker({ id: 3, paused: true })] }),
      [
        ["stopped", "1 of 3 workers stopped by hand"],
        ["paused", "1 of 3 workers paused by hand"],
      ],
    ],
    ["a size below the minimum that a person chose", aConsumer({ min: 3, target: 1, sizedBy: "person" }), []],
  ] as const)("%s does not keep the farm from being ready", (_, consumer, warnings) => {
    expect(judgeReadiness(aFarm([consumer]))).toEqual({
      ready: true,
      consumers: [],
      warnings: warnings.map(([reason, detail]) => ({ consumer: "async", reason, detail })),
    });
  });

  test("what a person stopped excuses no other worker of the same consumer", () => {
    const [reason] = judgeReadiness(aFarm([aConsumer({ workers: [ready(1), stopped(2), waiting(3)] })])).consumers;
    expect(reason).toMatchObject({
      reason: "starting",
      detail: "1 of 2 workers ready; next start of worker 3 in 1.2s after exit code 1",
    });
  });

  test("a paused consumer that has given up is not ready", () => {
    const consumer = aConsumer({ paused: true, parked: "failure limit reached" });
    expect(judgeReadiness(aFarm([consumer])).consumers).toMatchObject([{ reason: "parked" }]);
  });
});

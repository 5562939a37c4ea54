import type { ConsumerSnapshot, FarmSnapshot, WorkerSnapshot } from "../../../src/core/farm/snapshot.ts";
import type { ConsumerSpec } from "../../../src/core/farm/spec.ts";
import { Tally } from "../../../src/core/tasks/tally.ts";
import type { TaskFigures } from "../../../src/core/tasks/task-figures.ts";
import { processDefaults } from "../../support/specs.ts";

/** A ready, idle worker, but for what is given. */
export function aWorker(given: Partial<WorkerSnapshot> = {}): WorkerSnapshot {
  return {
    id: 1,
    slot: 0,
    state: "ready",
    pid: 100,
    startedAtMs: 0,
    restarts: 0,
    nextStartAtMs: null,
    failures: 0,
    lastExit: null,
    lastExitAtMs: null,
    paused: false,
    lastPongEpochMs: null,
    busy: 0,
    slots: 1,
    inFlight: {},
    ...given,
  };
}

/** Nine tasks: five done, three waiting, one at work; and four that were refused. */
export function someTasks(): TaskFigures {
  const tally = new Tally();
  for (let count = 0; count < 9; count++) tally.accepted();
  for (let count = 0; count < 4; count++) tally.rejected("overloaded");
  for (let count = 0; count < 5; count++) tally.finished("ok");
  tally.retried();
  tally.retried();
  tally.protocolError("garbage");
  return tally.figures({ waiting: 3, inFlight: 1, room: 97 });
}

/** A consumer with as many workers as it should have, but for what is given. */
export function aConsumer(given: Partial<ConsumerSnapshot> = {}): ConsumerSnapshot {
  const workers = given.workers ?? [aWorker()];
  const size = workers.length;
  return {
    name: "async",
    transports: ["async"],
    min: size,
    max: size,
    target: size,
    decision: null,
    sourceFailure: null,
    hasSource: false,
    degraded: false,
    parked: null,
    stopped: false,
    paused: false,
    sizedBy: "file",
    origin: "file",
    problem: null,
    messagesTotal: 0,
    tasks: null,
    workers,
    ...given,
  };
}

/** A running farm at 10 s. */
export function aFarm(consumers: readonly ConsumerSnapshot[], phase: FarmSnapshot["phase"] = "running"): FarmSnapshot {
  return { atMs: 10_000, phase, totalCap: null, consumers };
}

/** A consumer with all defaults. */
export function aSpec(name: string, transports: readonly string[]): ConsumerSpec {
  return {
    name,
    transports,
    command: ["worker"],
    preset: null,
    size: { kind: "static", processes: 1 },
    cwd: "/",
    env: {},
    uid: null,
    gid: null,
    process: processDefaults,
    cgroup: null,
    stopSignal: "SIGTERM",
    stopTimeoutMs: 10_000,
    restart: {
      policy: "always",
      minUptimeMs: 1_000,
      successCodes: [],
      neverRestartCodes: [],
      failureLimit: 3,
      failureWindowMs: 60_000,
      backoffBaseMs: 1_000,
      backoffMaxMs: 30_000,
      backoffJitter: 0.1,
      onFailureLimit: "retry",
      essential: false,
    },
    recycle: { maxLifetimeMs: null, maxMemoryBytes: null, maxIdleMs: null },
    liveness: { pingTimeoutMs: null, maxMessageTimeMs: null, noProgressMs: null },
    ready: { when: "started" },
    logs: { format: "auto", fields: {}, maxLineBytes: 1_048_576, partialFlushMs: null },
    tasks: null,
    hooks: [],
    mtime: null,
    origin: "file",
  };
}

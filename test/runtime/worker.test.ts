import { describe, expect, test } from "bun:test";
import type { ConsumerSpec } from "../../src/core/farm/spec.ts";
import { LoadMeter } from "../../src/core/scaling/load-meter.ts";
import { Worker, type WorkerOwner } from "../../src/runtime/worker.ts";
import { exited, FakeHost, killed } from "../support/fake-host.ts";
import { consumerSpec, restartDefaults } from "../support/specs.ts";

const noRecycle = { maxLifetimeMs: null, maxMemoryBytes: null, maxIdleMs: null };
const noLiveness = { pingTimeoutMs: null, maxMessageTimeMs: null, noProgressMs: null };
const message = {
  type: "message",
  transport: "async",
  class: "Job",
  id: null,
  durationSeconds: null,
  errorClass: null,
} as const;

/** A started worker, the world in the test's hands, and what it told its consumer. */
function started(
  changes: Partial<ConsumerSpec> = {},
  host = new FakeHost(),
): { host: FakeHost; worker: Worker; told: string[] } {
  const told: string[] = [];
  const owner: WorkerOwner = {
    limitChanged: ({ limitOpen }) => told.push(limitOpen ? "limit open" : "limit closed"),
    gaveUp: (_, answer) => told.push(`gave up: ${answer}`),
    settled: ({ state }) => told.push(`settled: ${state}`),
    taskPool: () => null,
  };
  const meter = new LoadMeter(0);
  const worker = new Worker({ worker: 1, slot: 0, consumer: "async" }, consumerSpec(changes), host, meter, owner);
  worker.start();
  return { host, worker, told };
}

describe("a worker that ends by itself", () => {
  test("is started again in the same step after a clean exit", () => {
    const { host } = started();
    host.clock.advance(2_000);
    host.child.exit(exited(0));
    expect(host.children).toHaveLength(2);
    expect(host.of("worker_restarting")).toMatchObject([{ reason: "exit_success", delayMs: 0, attempt: 0 }]);
  });

  test("waits longer after each failure", () => {
    const { host } = started();
    for (let failure = 0; failure < 3; failure++) {
      host.child.end(exited(1));
      host.clock.advance(4_000);
    }
    expect(host.of("worker_restarting").map(({ delayMs }) => delayMs)).toEqual([1_000, 2_000, 4_000]);
  });

  test("is in backoff meanwhile, and status knows until when", () => {
    const { host, worker } = started();
    host.child.end(exited(1));
    expect(worker.snapshot(host.clock.nowMs())).toMatchObject({
      state: "backoff",
      pid: null,
      nextStartAtMs: 1_000,
      failures: 1,
      lastExit: exited(1),
    });
    host.clock.advance(999);
    expect(host.children).toHaveLength(1);
    host.clock.advance(1);
    expect(host.children).toHaveLength(2);
  });

  test("degrades its consumer at the limit and heals when a process lives through the window", () => {
    const { host, told } = started();
    for (let failure = 0; failure < 4; failure++) {
      host.child.end(exited(1));
      host.clock.advance(4_000);
    }
    expect(told).toEqual(["limit open"]);
    expect(host.of("failure_limit_reached")).toMatchObject([{ failures: 4, answer: "retry" }]);
    host.clock.advance(26_000 + 60_000);
    expect(told).toEqual(["limit open", "limit closed"]);
  });

  test("does not leave its consumer degraded when it finishes", () => {
    const { host, told } = started({ restart: { ...restartDefaults, policy: "on-failure" } });
    for (let failure = 0; failure < 4; failure++) {
      host.child.end(exited(1));
      host.clock.advance(4_000);
    }
    host.clock.advance(26_000);
    host.child.end(exited(0));
    expect(told).toEqual(["limit open", "limit closed", "settled: finished"]);
  });

  test("gives up at the limit when that is the answer", () => {
    const { host, told } = started({ restart: { ...restartDefaults, onFailureLimit: "exit" } });
    for (let failure = 0; failure < 4; failure++) {
      host.child.end(exited(1));
      host.clock.advance(4_000);
    }
    expect(told).toEqual(["gave up: exit", "settled: parked"]);
    expect(host.alive).toEqual([]);
  });

  test("that could not be started is tried again, with the reason said", () => {
    const host = new FakeHost();
    host.spawnFailure = { kind: "spawn_failed", code: "ENOENT", message: "the program x was not found" };
    const worker = new Worker({ worker: 1, slot: 0, consumer: "async" }, consumerSpec(), host, new LoadMeter(0), {
      limitChanged() {},
      gaveUp() {},
      settled() {},
      taskPool: () => null,
    });
    worker.start();
    expect(host.of("worker_not_started")).toMatchObject([{ message: "the program x was not found" }]);
    expect(worker.state).toBe("backoff");
    host.spawnFailure = null;
    host.clock.advance(1_000);
    expect(worker.state).toBe("ready");
  });

  test("is told of as started when its process runs its program, and not before", () => {
    const host = new FakeHost();
    host.runsAtOnce = false;
    const { worker } = started({}, host);
    expect(worker.state).toBe("starting");
    expect(host.events).toEqual([]);
    host.child.begin();
    expect(host.events).toMatchObject([{ type: "worker_started", pid: host.child.pid }, { type: "worker_ready" }]);
    expect(worker.state).toBe("ready");
  });

  test("whose process turns out not to run its program has not been started, and is tried again", () => {
    const host = new FakeHost();
    host.runsAtOnce = false;
    const { worker } = started({}, host);
    host.child.end({ kind: "spawn_failed", code: "ENOENT", message: "the program x was not found" });
    expect(host.events).toMatchObject([
      { type: "worker_not_started", message: "the program x was not found" },
      { type: "worker_restarting", reason: "spawn_failed", attempt: 1 },
    ]);
    expect(worker.state).toBe("backoff");
    host.clock.advance(1_000);
    expect(host.alive).toHaveLength(1);
  });

  test("that is to go while it is being started is gone when that has failed", () => {
    const host = new FakeHost();
    host.runsAtOnce = false;
    const { worker } = started({}, host);
    worker.stop("scale_down");
    host.child.end({ kind: "spawn_failed", code: "ENOENT", message: "the program x was not found" });
    expect(host.of("worker_exited")).toEqual([]);
    expect(worker.state).toBe("gone");
  });

  test("loses what it had in hand, and the next process starts with nothing", () => {
    const { host, worker } = started();
    host.child.say({ ...message, event: "received" });
    expect(worker.snapshot(0)).toMatchObject({ busy: 1, inFlight: { async: 1 } });
    host.child.end(killed);
    expect(host.of("messages_lost")).toMatchObject([{ transport: "async", count: 1 }]);
    host.clock.advance(1_000);
    expect(worker.snapshot(0)).toMatchObject({ busy: 0, inFlight: {} });
  });

  test("has its last frames counted before what it lost, and never for the next process", () => {
    const { host, worker } = started();
    host.clock.advance(2_000);
    const first = host.child;
    first.say({ ...message, event: "received" });
    first.exit(exited(0));
    first.say({ ...message, event: "handled", durationSeconds: 0.1 });
    first.say({ ...message, event: "received" });
    first.hear({ type: "ended" });
    expect(host.of("messages_lost")).toMatchObject([{ count: 1 }]);
    expect(worker.snapshot(0)).toMatchObject({ state: "ready", busy: 0 });
  });

  test("leaves nothing of its process group behind", () => {
    const { host } = started();
    const first = host.child;
    first.end(exited(1));
    expect(first.signals).toEqual(["KILL group"]);
  });
});

describe("a clean exit that comes early", () => {
  test("is delayed like a failure when no work was reported", () => {
    const { host } = started();
    host.clock.advance(10);
    host.child.end(exited(0));
    expect(host.of("worker_restarting")).toMatchObject([{ reason: "exited_too_soon", delayMs: 1_000, attempt: 1 }]);
  });

  test("is not delayed when the frames still on their way report work", () => {
    const { host } = started();
    host.child.exit(exited(0));
    expect(host.of("worker_restarting")).toEqual([]);
    host.children[0]?.say({ ...message, event: "handled" });
    host.children[0]?.hear({ type: "ended" });
    expect(host.of("worker_restarting")).toMatchObject([{ reason: "exit_success", delayMs: 0 }]);
  });

  test("is followed by another process when somebody asks for one while its frames are still on their way", () => {
    const { host, worker } = started({ restart: { ...restartDefaults, policy: "never" } });
    host.child.exit(exited(0));
    worker.startAnew();
    host.child.hear({ type: "ended" });
    expect(host.children).toHaveLength(2);
    expect(host.of("worker_finished")).toEqual([]);
  });

  test("can be stopped while its frames are still on their way", () => {
    const { host, worker, told } = started();
    host.child.exit(exited(0));
    worker.stop("shutdown");
    host.child.hear({ type: "ended" });
    expect(told).toEqual(["settled: gone"]);
    expect(host.children).toHaveLength(1);
  });
});

describe("a worker told to stop", () => {
  test("gets its signal, its deadline, then SIGKILL to its group again and again until it is reaped", () => {
    const { host, worker, told } = started({ stopSignal: "SIGQUIT", stopTimeoutMs: 5_000 });
    worker.stop("scale_down");
    expect(worker.state).toBe("draining");
    expect(host.child.signals).toEqual(["SIGQUIT"]);
    host.clock.advance(4_999);
    expect(host.child.signals).toEqual(["SIGQUIT"]);
    host.clock.advance(2_001);
    expect(host.child.signals).toEqual(["SIGQUIT", "KILL group", "KILL group", "KILL group"]);
    expect(host.of("worker_killed")).toMatchObject([{ cause: "scale_down", timeoutMs: 5_000, forced: false }]);
    host.child.end(killed);
    host.clock.advance(60_000);
    expect(told).toEqual(["settled: gone"]);
    expect(host.children).toHaveLength(1);
  });

  test("with a deadline of 0 is waited for for ever", () => {
    const { host, worker } = started({ stopTimeoutMs: 0 });
    worker.stop("shutdown");
    host.clock.advance(1e9);
    expect(host.child.signals).toEqual(["SIGTERM"]);
  });

  test("can be killed at once", () => {
    const { host, worker } = started();
    worker.stop("shutdown");
    worker.kill();
    expect(host.child.signals).toEqual(["SIGTERM", "KILL group"]);
    expect(host.of("worker_killed")).toMatchObject([{ forced: true }]);
  });

  test("is not signalled twice; a more final cause takes over", () => {
    const { host, worker, told } = started({ recycle: { ...noRecycle, maxLifetimeMs: 10_000 } });
    host.clock.advance(10_000);
    expect(host.of("worker_stopping")).toMatchObject([{ cause: "max_lifetime" }]);
    worker.stop("shutdown");
    worker.stop("parked");
    host.child.end(exited(0));
    expect(host.child.signals).toEqual(["SIGTERM", "KILL group"]);
    expect(told).toEqual(["settled: gone"]);
  });

  test("in backoff is gone at once and never starts", () => {
    const { host, worker, told } = started();
    host.child.end(exited(1));
    worker.stop("shutdown");
    host.clock.advance(60_000);
    expect(told).toEqual(["settled: gone"]);
    expect(host.children).toHaveLength(1);
  });

  test("hears drain on its channel when it speaks the protocol", () => {
    const { host, worker } = started();
    host.child.say({ type: "ready" });
    worker.stop("shutdown");
    expect(host.child.told).toEqual(["drain"]);
  });

  test("is gone only when its last frames have been heard, so that what it lost is told", () => {
    const { host, worker, told } = started();
    host.child.say({ ...message, event: "received" });
    worker.stop("shutdown");
    host.child.exit(killed);
    expect(told).toEqual([]);
    host.child.hear({ type: "ended" });
    expect(host.of("messages_lost")).toMatchObject([{ count: 1 }]);
    expect(told).toEqual(["settled: gone"]);
  });

  test("is killed once, however often that is asked", () => {
    const { host, worker } = started({ stopTimeoutMs: 1_000 });
    worker.stop("shutdown");
    worker.kill();
    worker.kill();
    host.clock.advance(1_000);
    expect(host.of("worker_killed")).toHaveLength(1);
  });

  test("its exit is no failure", () => {
    const { host, worker } = started();
    worker.stop("shutdown");
    host.child.end(exited(143));
    expect(host.of("worker_exited")).toMatchObject([{ cause: "shutdown", failed: false }]);
  });
});

describe("readiness", () => {
  test("protocol: ready with its frame", () => {
    const { host, worker } = started({ ready: { when: "protocol" } });
    expect(worker.state).toBe("starting");
    host.child.say({ type: "ready" });
    expect(worker.state).toBe("ready");
  });
  test("after: ready when it has lived so long", () => {
    const { host, worker } = started({ ready: { when: "after", delayMs: 2_000 } });
    host.clock.advance(1_999);
    expect(worker.state).toBe("starting");
    host.clock.advance(1);
    expect(worker.state).toBe("ready");
  });
  test("after: a process that ended before does not make the next one ready", () => {
    const { host, worker } = started({ ready: { when: "after", delayMs: 2_000 } });
    host.clock.advance(1_500);
    host.child.exit(exited(0));
    host.clock.advance(600);
    expect(worker.state).toBe("starting");
  });
  test("log: ready with the matching line", () => {
    const { host, worker } = started({ ready: { when: "log", pattern: "up" } });
    host.child.hear({ type: "log_ready" });
    expect(worker.state).toBe("ready");
    expect(host.of("worker_ready")).toHaveLength(1);
  });
});

describe("a worker past a limit", () => {
  test("is replaced and the reason is told twice: when it is stopped and when it restarts", () => {
    const { host } = started({ recycle: { ...noRecycle, maxMemoryBytes: 1_000 } });
    host.memory = 2_000;
    host.clock.advance(5_000);
    expect(host.of("worker_stopping")).toMatchObject([{ cause: "max_memory" }]);
    host.child.end(exited(0));
    expect(host.of("worker_restarting")).toMatchObject([{ reason: "max_memory", delayMs: 0 }]);
    expect(host.children).toHaveLength(2);
  });

  test("a hung message ends its worker at its deadline", () => {
    const { host } = started({ liveness: { ...noLiveness, maxMessageTimeMs: 20_000 }, stopTimeoutMs: 1_000 });
    host.child.say({ ...message, event: "received" });
    host.clock.advance(20_000);
    expect(host.child.signals).toEqual(["SIGTERM"]);
    host.clock.advance(1_000);
    expect(host.child.signals).toEqual(["SIGTERM", "KILL group"]);
  });

  test("a late frame of a process that has ended cannot bring its successor down", () => {
    const { host } = started({ liveness: { ...noLiveness, maxMessageTimeMs: 20_000 } });
    host.child.exit(killed);
    host.child.say({ ...message, event: "received" });
    host.clock.advance(60_000);
    expect(host.children).toHaveLength(2);
    expect(host.of("worker_stopping")).toEqual([]);
  });

  test("a ping that cannot even be sent is owed an answer all the same, and told once", () => {
    const { host, worker } = started({ liveness: { ...noLiveness, pingTimeoutMs: 10_000 } });
    host.child.say({ type: "ready" });
    host.child.ping = () => false;
    worker.ping();
    host.clock.advance(5_000);
    worker.ping();
    host.clock.advance(5_000);
    expect(host.of("ipc_error")).toMatchObject([{ kind: "send_failed" }]);
    expect(host.of("worker_stopping")).toMatchObject([{ cause: "ping_timeout" }]);
  });

  test("messages that end in time keep it alive", () => {
    const { host } = started({ liveness: { ...noLiveness, maxMessageTimeMs: 20_000 } });
    for (let count = 0; count < 10; count++) {
      host.child.say({ ...message, event: "received" });
      host.clock.advance(19_000);
      host.child.say({ ...message, event: "handled" });
    }
    expect(host.of("worker_stopping")).toEqual([]);
  });

  test("an unanswered ping ends only a worker that has ever spoken", () => {
    const silent = started({ liveness: { ...noLiveness, pingTimeoutMs: 10_000 } });
    silent.worker.ping();
    silent.host.clock.advance(60_000);
    expect(silent.host.of("worker_stopping")).toEqual([]);

    const { host, worker } = started({ liveness: { ...noLiveness, pingTimeoutMs: 10_000 } });
    host.child.say({ type: "ready" });
    worker.ping();
    host.clock.advance(5_000);
    host.child.say({ type: "pong" });
    worker.ping();
    host.clock.advance(9_999);
    expect(host.of("worker_stopping")).toEqual([]);
    host.clock.advance(1);
    expect(host.of("worker_stopping")).toMatchObject([{ cause: "ping_timeout" }]);
  });

  test("a worker that stands still because pm's reader does is let be, and has its time anew after", () => {
    const { host, worker } = started({
      liveness: { noProgressMs: null, pingTimeoutMs: 10_000, maxMessageTimeMs: 20_000 },
    });
    host.child.say({ ...message, event: "received" });
    worker.ping();
    host.child.heldUp = true;
    host.clock.advance(100_000);
    expect(host.of("worker_stopping")).toEqual([]);
    host.child.heldUp = false;
    host.clock.advance(19_000);
    expect(host.of("worker_stopping")).toEqual([]);
    host.clock.advance(20_000);
    expect(host.of("worker_stopping")).toMatchObject([{ cause: "max_message_time" }]);
  });

  test("silence is measured from its last output", () => {
    const { host } = started({ liveness: { ...noLiveness, noProgressMs: 10_000 } });
    host.clock.advance(9_000);
    host.child.lastActivity = 9_000;
    host.clock.advance(9_999);
    expect(host.of("worker_stopping")).toEqual([]);
    host.clock.advance(1);
    expect(host.of("worker_stopping")).toMatchObject([{ cause: "no_progress" }]);
  });
});

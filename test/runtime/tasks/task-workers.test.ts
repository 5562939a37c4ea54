import { describe, expect, test } from "bun:test";
import type { ConsumerSpec } from "../../../src/core/farm/spec.ts";
import type { TaskAnswer } from "../../../src/core/tasks/task.ts";
import { FakeFarm, pool } from "../../support/fake-farm.ts";
import { exited, type FakeChild, killed } from "../../support/fake-host.ts";
import { autoscaled, farmSpec, tasksSpec } from "../../support/specs.ts";

const request = { payload: "1", timeoutMs: null, retries: null, priority: 0, key: null, chain: [] } as const;
/** One task at a time, so that a test sees who has which. */
const oneByOne = tasksSpec({ prefetch: 0 });

/** A farm with tasks, what came of those that were handed in, and its processes. */
function farmOf(workers: number, changes: Partial<ConsumerSpec> = {}) {
  const farm = new FakeFarm([pool("thumbs", workers, { tasks: oneByOne, ...changes })]);
  const answers: TaskAnswer[] = [];
  const submit = (changed: Partial<typeof request> = {}): (() => void) => {
    const inlet = farm.supervisor.consumer("thumbs")?.taskPool();
    if (inlet === undefined || inlet === null) throw new Error("it takes no tasks");
    return inlet.submit({ ...request, ...changed }, (answer) => answers.push(answer));
  };
  const codes = (): string[] => answers.map((answer) => (answer.ok ? "ok" : answer.error.code));
  return { farm, submit, answers, codes, host: farm.host };
}

function laneOf(child: FakeChild | undefined) {
  if (child === undefined || child.lane === null) throw new Error("there is no such process");
  return child.lane;
}

const done = { ok: true, result: "2" } as const;

describe("a worker with tasks", () => {
  test("gets one when it is ready, and is busy until it has answered", () => {
    const { host, submit, answers, farm } = farmOf(1, { ready: { when: "protocol" } });
    submit();
    expect(laneOf(host.child).sent).toEqual([]);
    host.child.say({ type: "ready" });
    expect(laneOf(host.child).sent.map(({ payload }) => payload)).toEqual(["1"]);
    expect(farm.supervisor.snapshot().consumers[0]?.workers[0]).toMatchObject({ busy: 1, slots: 1 });
    laneOf(host.child).answer(done);
    expect(answers).toEqual([done]);
    expect(farm.supervisor.snapshot().consumers[0]).toMatchObject({ messagesTotal: 1, workers: [{ busy: 0 }] });
  });

  test("finishes what it has in hand before it is told to stop", () => {
    const { host, submit, codes, farm } = farmOf(1);
    submit();
    submit();
    farm.supervisor.shutdown("request", 0, null);
    expect(codes()).toEqual(["shutting_down"]); // the one that waited
    expect(host.child.signals).toEqual([]);
    expect(laneOf(host.child).finished).toBeFalse();
    laneOf(host.child).answer();
    expect(codes()).toEqual(["shutting_down", "ok"]);
    expect(host.child.signals).toEqual(["SIGTERM"]);
    expect(laneOf(host.child).finished).toBeTrue();
  });

  test("that does not finish is killed at its deadline, and its task is lost", () => {
    const { host, submit, codes, farm } = farmOf(1, { stopTimeoutMs: 5_000, tasks: tasksSpec({ timeoutMs: 600_000 }) });
    submit();
    farm.supervisor.shutdown("request", 0, null);
    host.clock.advance(5_000);
    expect(host.child.signals).toEqual(["KILL group"]);
    host.child.end(killed);
    expect(codes()).toEqual(["lost"]);
    expect(farm.ends).toEqual([0]);
  });

  test("that dies loses its own task only, and the others of its mailbox go to others", () => {
    const { host, submit, codes } = farmOf(2);
    for (let count = 0; count < 6; count++) submit();
    const [first, second] = host.children;
    first?.end(exited(1));
    expect(codes()).toEqual(["lost"]);
    const lane = laneOf(second);
    for (let at = 0; at < 5; at++) lane.answer(done, at);
    expect(codes()).toEqual(["lost", "ok", "ok", "ok", "ok", "ok"]);
  });

  test("has its last answers heard before what it had in hand is given up for lost", () => {
    const { host, submit, codes } = farmOf(1);
    submit();
    host.child.exit(exited(0));
    expect(codes()).toEqual([]);
    laneOf(host.children[0]).answer();
    host.children[0]?.hear({ type: "ended" });
    expect(codes()).toEqual(["ok"]);
  });

  test("that goes at a scale-down finishes first, and gets no more", async () => {
    const { host, submit, codes, farm } = farmOf(2);
    submit();
    submit();
    await farm.ask({ action: "scale", consumer: "thumbs", size: 1 }, false);
    const [, leaving] = host.children;
    expect(leaving?.signals).toEqual([]);
    submit();
    laneOf(leaving).answer();
    expect(leaving?.signals).toEqual(["SIGTERM"]);
    expect(laneOf(leaving).sent).toHaveLength(1);
    laneOf(host.children[0]).answer(done, 0);
    laneOf(host.children[0]).answer(done, 1);
    expect(codes()).toEqual(["ok", "ok", "ok"]);
  });

  test("that is kept after all gets tasks again", async () => {
    const { host, submit, farm } = farmOf(2);
    submit();
    submit();
    await farm.ask({ action: "scale", consumer: "thumbs", size: 1 }, false);
    await farm.ask({ action: "scale", consumer: "thumbs", size: 2 }, false);
    submit();
    laneOf(host.children[1]).answer();
    expect(laneOf(host.children[1]).sent).toHaveLength(2);
  });

  test("is frozen by a pause when it has answered, and gets nothing until it goes on", async () => {
    const { host, submit, farm, codes } = farmOf(1);
    submit();
    await farm.ask({ action: "pause", consumer: "thumbs", slot: null }, false);
    submit();
    expect(host.child.signals).toEqual([]);
    laneOf(host.child).answer();
    expect(host.child.signals).toEqual(["SIGSTOP group"]);
    expect(laneOf(host.child).sent).toHaveLength(1);
    await farm.ask({ action: "resume", consumer: "thumbs", slot: null }, false);
    expect(laneOf(host.child).sent).toHaveLength(2);
    laneOf(host.child).answer(done, 1);
    expect(codes()).toEqual(["ok", "ok"]);
  });

  test("that lets a task go past its deadline is replaced when it does not let go of it", () => {
    const { host, submit, codes } = farmOf(1, {
      tasks: tasksSpec({ timeoutMs: 2_000, prefetch: 0 }),
    });
    submit();
    host.clock.advance(2_000);
    expect(codes()).toEqual(["timeout"]);
    expect(laneOf(host.child).cancelled).toEqual([laneOf(host.child).sent[0]?.id ?? -1]);
    expect(host.of("worker_stopping")).toEqual([]);
    host.clock.advance(1_000);
    expect(host.of("worker_stopping")).toMatchObject([{ cause: "task_stuck" }]);
    expect(host.child.signals).toEqual(["SIGTERM"]);
    host.clock.advance(2_000); // and not the 30 s of stop_timeout
    expect(host.child.signals).toEqual(["SIGTERM", "KILL group"]);
    host.child.end(killed);
    expect(host.alive).toHaveLength(1);
    expect(host.of("worker_restarting")).toMatchObject([{ reason: "task_stuck" }]);
  });

  test("is replaced after so many tasks", () => {
    const { host, submit } = farmOf(1, { tasks: tasksSpec({ maxTasks: 2, prefetch: 0 }) });
    for (let count = 0; count < 3; count++) submit();
    laneOf(host.child).answer(done, 0);
    laneOf(host.child).answer(done, 1);
    expect(host.of("worker_stopping")).toMatchObject([{ cause: "max_tasks" }]);
    host.child.end(exited(0));
    expect(laneOf(host.child).sent).toHaveLength(1);
  });

  test("hands tasks to other consumers, and hears what came of it", () => {
    const { host } = farmOf(1);
    host.child.say({ type: "call", id: '"c1"', consumer: "nobody", payload: "1", timeoutMs: null });
    expect(host.child.told).toEqual([
      '{"type":"result","id":"c1","error":{"code":"unavailable","message":"no consumer is called \\"nobody\\"","details":null}}',
    ]);
  });

  test("that ends early after an answer has done useful work", () => {
    const { host, submit } = farmOf(1);
    submit();
    laneOf(host.child).answer();
    host.child.end(exited(0));
    expect(host.of("worker_restarting")).toMatchObject([{ reason: "exit_success", delayMs: 0 }]);
  });
});

describe("a consumer with tasks", () => {
  test("that is stopped answers those that wait, and refuses", async () => {
    const { submit, codes, farm, host } = farmOf(1);
    submit();
    submit();
    await farm.ask({ action: "stop", consumer: "thumbs", slot: null }, false);
    submit();
    expect(codes()).toEqual(["unavailable", "unavailable"]);
    laneOf(host.child).answer();
    host.child.end(exited(0));
    await farm.ask({ action: "start", consumer: "thumbs", slot: null }, false);
    submit();
    laneOf(host.child).answer();
    expect(codes()).toEqual(["unavailable", "unavailable", "ok", "ok"]);
  });

  test("that is parked refuses", () => {
    const { submit, codes, host } = farmOf(1, {
      restart: { ...pool("x", 1).restart, failureLimit: 1, onFailureLimit: "park" },
    });
    host.child.end(exited(1));
    host.clock.advance(60_000);
    host.child.end(exited(1));
    host.clock.advance(1_000);
    host.child.end(exited(1));
    submit();
    expect(codes()).toEqual(["unavailable"]);
  });

  test("whose last worker has finished refuses", () => {
    const farm = new FakeFarm([
      pool("thumbs", 1, { tasks: oneByOne, restart: { ...pool("x", 1).restart, policy: "never" } }),
      pool("other", 1),
    ]);
    farm.host.children[0]?.end(exited(1));
    const codes: string[] = [];
    const told = (answer: TaskAnswer): void => void codes.push(answer.ok ? "ok" : answer.error.code);
    farm.supervisor.consumer("thumbs")?.taskPool()?.submit(request, told);
    expect(codes).toEqual(["unavailable"]);
  });

  test("of no workers gets one with the first task", () => {
    const { submit, codes, host } = farmOf(0, { size: autoscaled(0, 4) });
    expect(host.children).toEqual([]);
    submit();
    submit();
    expect(host.children).toHaveLength(1);
    laneOf(host.child).answer(done, 0);
    laneOf(host.child).answer(done, 1);
    expect(codes()).toEqual(["ok", "ok"]);
  });

  test("tells the autoscaler what waits", () => {
    const { submit, farm } = farmOf(1);
    for (let count = 0; count < 4; count++) submit();
    expect(farm.supervisor.consumer("thumbs")?.load().tasksWaiting).toBe(3);
  });

  test("tells of a broken protocol once, and then how often it was", () => {
    const { host, submit } = farmOf(1);
    submit();
    for (let count = 0; count < 5; count++) laneOf(host.child).complain("garbage", "hello");
    host.clock.advance(10_000);
    laneOf(host.child).complain("garbage", "again");
    expect(host.of("task_problem")).toMatchObject([
      { offender: 1, kind: "garbage", excerpt: "hello", count: 1 },
      { offender: 1, kind: "garbage", excerpt: "again", count: 5 },
    ]);
  });

  test("that a reload removes answers those that wait, and finishes the one at work", async () => {
    const { host, submit, codes, farm } = farmOf(1);
    submit();
    submit();
    await farm.reload(farmSpec([pool("other", 1)]));
    expect(codes()).toEqual(["unavailable"]);
    laneOf(host.children[0]).answer();
    host.children[0]?.end(exited(0));
    expect(codes()).toEqual(["unavailable", "ok"]);
    expect(host.of("consumer_removed")).toMatchObject([{ consumer: "thumbs" }]);
  });

  test("of a server that is there already may come back before its last task was answered", () => {
    const address = { kind: "unix", path: "/run/server.sock" } as const;
    const fastcgi = { address, connections: 1, script: "/app/task.php", params: {} };
    const tasks = tasksSpec({ protocol: "fastcgi", fastcgi });
    const { host, submit, codes, farm } = farmOf(0, { tasks, stopTimeoutMs: 1_000 });
    submit();
    farm.supervisor.consumer("thumbs")?.remove();
    farm.supervisor.add(pool("thumbs", 0, { tasks }));
    submit();
    const [before, after] = host.connections;
    host.clock.advance(2_000);
    expect([before?.finished, after?.finished]).toEqual([false, false]);
    before?.answer();
    after?.answer();
    expect(codes()).toEqual(["ok", "ok"]);
  });

  test("that a reload gives tasks is fed from their queue, and takes none while it is stopped", async () => {
    const from = {
      url: "redis://x",
      shape: { kind: "list", key: "jobs" },
      format: "json",
      maxAttempts: 1,
      deadLetter: "dead",
      reclaimMs: 1,
    } as const;
    const farm = new FakeFarm([pool("thumbs", 1), pool("held", 1)]);
    const opened: string[] = [];
    farm.host.tasks.openIntake = ({ name }) => {
      opened.push(name);
      return { stop: async () => {}, depth: () => null };
    };
    await farm.ask({ action: "stop", consumer: "held", slot: null }, false);
    const tasks = tasksSpec({ from });
    for (const name of ["thumbs", "held"]) farm.supervisor.consumer(name)?.adopt(pool(name, 1, { tasks }));
    expect(opened).toEqual(["thumbs"]);
    const codes: string[] = [];
    const told = (answer: TaskAnswer): void => void codes.push(answer.ok ? "ok" : answer.error.code);
    farm.supervisor.consumer("held")?.taskPool()?.submit(request, told);
    expect(codes).toEqual(["unavailable"]);
  });
});

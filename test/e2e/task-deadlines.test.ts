import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { TaskFarm, taskPool } from "../support/task-farm.ts";

setDefaultTimeout(60_000);

describe("a worker that cannot be reached by anything", () => {
  test("is replaced when its task has run out of time, and nobody else notices", async () => {
    await using pm = new TaskFarm({ a: taskPool({ processes: 2, stop_timeout: "100ms" }) });
    await pm.warmUp("a", 2);
    const before = await pm.pids("a");
    const stuck = pm.post("a", { n: 1, spin: true }, { timeout_seconds: 0.5 });
    await pm.said("begun 1");
    const others = await Promise.all(Array.from({ length: 20 }, (_, at) => pm.post("a", { n: 10 + at })));
    expect(others.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(await stuck).toEqual({
      status: 504,
      id: null,
      error: { code: "timeout", message: "it was not answered in time" },
    });
    const { context } = await pm.record("Sent SIGTERM to worker.", { reason: "task_stuck" });
    const beside = pm.post("a", { n: 50 });
    const exit = await pm.record("Worker exited.", { worker: context["worker"] ?? null });
    expect(exit.context["pid"]).toBe(context["pid"]);
    expect((await beside).status).toBe(200);
    await pm.records("Worker started.", 3);
    await pm.settled();
    const after = await pm.pids("a");
    expect(after.map((pid, at) => pid === before[at])).toEqual(before.map((pid) => pid !== context["pid"]));
    expect((await pm.post("a", { n: 60 })).status).toBe(200);
    expect(pm.recorded("Worker exited.").length).toBe(1);
    expect(await pm.metric('worker_restarts_total{consumer="a",reason="task_stuck"}')).toBe(1);
  });
});

describe("a task whose time is over", () => {
  test("is never begun when it still waited, and the one before it goes on", async () => {
    await using pm = new TaskFarm({ a: taskPool({ processes: 1 }) });
    const first = pm.post("a", { n: 1, gate: "g" });
    await pm.said("begun 1");
    expect(await pm.post("a", { n: 2 }, { timeout_seconds: 0.05, id: "two" })).toEqual({
      status: 504,
      id: "two",
      error: { code: "timeout", message: "it was not begun in time" },
    });
    pm.release("g");
    expect((await first).status).toBe(200);
    expect((await pm.post("a", { n: 3 })).status).toBe(200);
    expect(await pm.begunSo(2)).toEqual([1, 3]);
  });

  test("is broken off by a worker that listens, which stays", async () => {
    await using pm = new TaskFarm({ a: taskPool({ processes: 1 }) });
    expect(await pm.run("task a", '{"n":1,"gate":"never"}', "--timeout", "300ms")).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: "pm task: it was not answered in time",
    });
    await pm.said("aborted 1");
    expect((await pm.post("a", { n: 2 })).status).toBe(200);
    expect(pm.recorded("Worker exited.")).toEqual([]);
    expect(await pm.metric('task_protocol_errors_total{consumer="a",kind="wrong_id"}')).toBe(0);
  });
});

describe("when whoever asked has gone", () => {
  test("a waiting task is never begun", async () => {
    await using pm = new TaskFarm({ a: taskPool({ processes: 1 }) });
    const first = pm.post("a", { n: 1, gate: "g" });
    await pm.said("begun 1");
    const left = new AbortController();
    const second = pm.post("a", { n: 2 }, {}, left.signal).catch(() => "left");
    await pm.tasksSeen("a", ({ waiting }) => waiting === 1);
    left.abort();
    expect(await second).toBe("left");
    await pm.tasksSeen("a", ({ waiting }) => waiting === 0);
    pm.release("g");
    expect((await first).status).toBe(200);
    expect((await pm.post("a", { n: 3 })).status).toBe(200);
    expect(await pm.begunSo(2)).toEqual([1, 3]);
    expect(await pm.metric('task_finished_total{consumer="a",result="cancelled"}')).toBe(1);
  });

  test("the worker that runs the task hears of it and goes on with others", async () => {
    await using pm = new TaskFarm({ a: taskPool({ processes: 1 }) });
    const left = new AbortController();
    const task = pm.post("a", { n: 1, gate: "never" }, {}, left.signal).catch(() => "left");
    await pm.said("begun 1");
    left.abort();
    expect(await task).toBe("left");
    await pm.said("aborted 1");
    expect((await pm.post("a", { n: 2 })).status).toBe(200);
    expect(pm.recorded("Worker exited.")).toEqual([]);
    expect(await pm.metric('task_finished_total{consumer="a",result="cancelled"}')).toBe(1);
  });

  test.each(["task", "map"])("by Ctrl-C in pm %s, the same", async (command) => {
    await using pm = new TaskFarm({ a: taskPool({ processes: 1 }) });
    const payload = { n: 1, gate: "never" };
    const words = command === "task" ? ["task", "a", JSON.stringify(payload)] : pm.mapWords("a", [payload, { n: 2 }]);
    const [first = "", ...rest] = words;
    const running = await pm.follow(first, ...rest);
    await pm.said("begun 1");
    running.interrupt();
    expect(await running.exited).toBe(130);
    await running.stderr.ended;
    expect(running.stderr.all).toEqual([
      command === "task"
        ? "pm task: interrupted; the task is called off"
        : "pm map: interrupted after 0 lines; the same command with --resume goes on",
    ]);
    await pm.said("aborted 1");
    expect((await pm.post("a", { n: 3 })).status).toBe(200);
    expect(await pm.begunSo(2)).toEqual([1, 3]);
    expect(pm.recorded("Worker exited.")).toEqual([]);
  });
});

test("two requests of one key are one task, which goes on while one of them still waits", async () => {
  await using pm = new TaskFarm({ a: taskPool({ processes: 2 }) });
  const left = new AbortController();
  const first = pm.post("a", { n: 1, gate: "g" }, { key: "k" }, left.signal).catch(() => "left");
  await pm.said("begun 1");
  const second = pm.post("a", { n: 2 }, { key: "k", id: "second" });
  await pm.until('task_accepted_total{consumer="a"}', (accepted) => accepted === 2);
  left.abort();
  expect(await first).toBe("left");
  await pm.until('task_finished_total{consumer="a",result="cancelled"}', (count) => count === 1);
  pm.release("g");
  const result = { n: 1, gate: "g" };
  expect(await second).toEqual({ status: 200, id: "second", result });
  expect(await pm.post("a", { n: 3 }, { key: "k" })).toEqual({ status: 200, id: null, result });
  expect([pm.begun(), pm.saidTimes("aborted 1")]).toEqual([[1], 0]);
});

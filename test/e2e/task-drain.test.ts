import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { ConsumerText } from "../support/farm-file.ts";
import { TaskFarm, taskFarmFile, taskPool } from "../support/task-farm.ts";

setDefaultTimeout(60_000);

const consumers = (more: ConsumerText = {}): Record<string, ConsumerText> => ({
  a: taskPool({ processes: 4, env: { ROUND: "1" }, stop_timeout: "30s", ...more }),
});
const payloads = (count: number, more: object = {}): { n: number }[] =>
  Array.from({ length: count }, (_, at) => ({ n: at + 1, ...more }));
const answersTo = (asked: readonly { n: number }[]): object[] => asked.map((result) => ({ id: result.n, result }));
const inOrder = (numbers: readonly number[]): number[] => numbers.toSorted((a, b) => a - b);

/** What a person may do to a consumer that has work, and that leaves it running. */
const changes: readonly (readonly [string, (pm: TaskFarm) => Promise<{ exitCode: number }>])[] = [
  ["pm restart", (pm) => pm.run("restart a")],
  ["pm restart --rolling", (pm) => pm.run("restart a --rolling")],
  ["pm scale to fewer", (pm) => pm.run("scale a 1")],
  [
    "pm reload",
    (pm) => {
      pm.rewrite(taskFarmFile(consumers({ env: { ROUND: "2" } })));
      return pm.run("reload");
    },
  ],
];

describe.each(changes)("%s", (_, change) => {
  test("lets the tasks at work finish, and those that wait run elsewhere, each once", async () => {
    await using pm = new TaskFarm(consumers());
    const held = [1, 2, 3, 4].map((n) => pm.post("a", { n, gate: "g" }));
    await Promise.all([1, 2, 3, 4].map((n) => pm.said(`begun ${n}`)));
    const waiting = [5, 6, 7, 8, 9, 10, 11, 12].map((n) => pm.post("a", { n }));
    await pm.tasksSeen("a", (now) => now.waiting + now.inFlight === 12);
    const done = change(pm);
    await pm.seen("a", ({ workers }) => workers.some(({ state }) => state === "draining"));
    pm.release("g");
    const replies = await Promise.all([...held, ...waiting]);
    expect(replies.map(({ status, error }) => error ?? status)).toEqual(replies.map(() => 200));
    expect((await done).exitCode).toBe(0);
    expect(inOrder(await pm.begunSo(12))).toEqual(payloads(12).map(({ n }) => n));
    expect((await pm.post("a", { n: 20 })).status).toBe(200);
    expect(pm.recorded("Sent SIGKILL to worker after stop timeout.")).toEqual([]);
    expect(pm.recorded("Task protocol violated.")).toEqual([]);
  });

  test("under a pm map costs it nothing: all answers, in order, each task begun once", async () => {
    await using pm = new TaskFarm(consumers());
    await pm.warmUp("a", 4);
    await using map = await pm.feed("a");
    const fed = await map.keepBusy((n) => ({ n, ms: 3 }), change(pm));
    expect([await map.end(), map.stderr.all]).toEqual([0, []]);
    expect(map.stdout.all.map((line): unknown => JSON.parse(line))).toEqual(answersTo(fed));
    await Promise.all(fed.map(({ n }) => pm.said(`begun ${n}`)));
    expect(inOrder(pm.begun().filter((n) => n <= fed.length))).toEqual(fed.map(({ n }) => n));
    expect(await pm.metric('task_finished_total{consumer="a",result="ok"}')).toBe(4 + fed.length);
    expect(pm.recorded("Sent SIGTERM to worker.").length).toBeGreaterThan(2);
  });
});

describe("pm stop", () => {
  test("lets the tasks at work finish, answers those that wait, and pm start takes tasks again", async () => {
    await using pm = new TaskFarm(consumers({ processes: 1 }));
    const held = pm.post("a", { n: 1, gate: "g" });
    await pm.said("begun 1");
    const waiting = pm.post("a", { n: 2 }, { id: "waits" });
    await pm.tasksSeen("a", (now) => now.waiting === 1);
    const stopped = pm.run("stop a");
    const unavailable = { code: "unavailable", message: "a is stopped; pm start a starts it" };
    expect(await waiting).toEqual({ status: 503, id: "waits", error: unavailable });
    pm.release("g");
    expect((await held).status).toBe(200);
    expect((await stopped).exitCode).toBe(0);
    expect(await pm.post("a", { n: 3 })).toEqual({ status: 503, id: null, error: unavailable });
    expect(await pm.run("task a", '{"n":3}')).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: "pm task: a is stopped; pm start a starts it",
    });
    expect(await pm.map("a", [{ n: 3 }, { n: 4 }])).toEqual({
      exitCode: 1,
      stdout: "",
      stderr:
        "pm map: line 1: unavailable: a is stopped; pm start a starts it; ended after 0 lines; the same command with --resume goes on",
      answers: [],
    });
    expect((await pm.run("start a")).exitCode).toBe(0);
    expect((await pm.post("a", { n: 4 })).status).toBe(200);
    expect(await pm.begunSo(2)).toEqual([1, 4]);
  });

  test("under a pm map ends it at a whole line, from where it can go on", async () => {
    await using pm = new TaskFarm(consumers());
    const asked = payloads(1500, { ms: 2 });
    const words = pm.mapWords("a", asked);
    const [first = "", ...rest] = words;
    const map = await pm.follow(first, ...rest);
    await pm.said("begun 200");
    expect((await pm.run("stop a")).exitCode).toBe(0);
    expect(await map.exited).toBe(1);
    const { length } = pm.mapped();
    expect(pm.mapped()).toEqual(answersTo(asked.slice(0, length)).map((answer) => JSON.stringify(answer)));
    expect(length).toBeLessThan(asked.length);
    expect(map.stderr.all).toEqual([
      expect.stringMatching(
        /^pm map: line \d+: unavailable: a is stopped; pm start a starts it; ended after [\d,]+ lines; the same command with --resume goes on$/u,
      ),
    ]);
    expect((await pm.run("start a")).exitCode).toBe(0);
    expect(await pm.run(first, ...rest, "--resume")).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    expect(pm.mapped()).toEqual(answersTo(asked).map((answer) => JSON.stringify(answer)));
  });
});

describe("the end of pm", () => {
  test("lets the tasks at work finish and answers those that wait", async () => {
    await using pm = new TaskFarm(consumers({ processes: 1 }));
    const held = pm.post("a", { n: 1, gate: "g" });
    await pm.said("begun 1");
    const waiting = pm.post("a", { n: 2 });
    await pm.tasksSeen("a", (now) => now.waiting === 1);
    pm.signal("SIGTERM");
    expect(await waiting).toEqual({
      status: 503,
      id: null,
      error: { code: "shutting_down", message: "pm is shutting down" },
    });
    pm.release("g");
    expect(await held).toEqual({ status: 200, id: null, result: { n: 1, gate: "g" } });
    expect(await pm.process.exited).toBe(0);
    expect(pm.begun()).toEqual([1]);
  });

  test.each([
    ["SIGTERM", "pm map: pm is shutting down; ended"],
    ["SIGKILL", "pm map: pm went away"],
  ] as const)("by %s in a pm map leaves whole lines, and another pm does the rest", async (signal, words) => {
    await using pm = new TaskFarm(consumers());
    const asked = payloads(1500, { ms: 2 });
    const [first = "", ...rest] = pm.mapWords("a", asked);
    const map = await pm.follow(first, ...rest);
    await pm.said("begun 200");
    pm.signal(signal);
    expect(await map.exited).toBe(69);
    await map.stderr.ended;
    const { length } = pm.mapped();
    expect(pm.mapped()).toEqual(answersTo(asked.slice(0, length)).map((answer) => JSON.stringify(answer)));
    expect(length).toBeLessThan(asked.length);
    const lines = length === 1 ? "1 line" : `${length.toLocaleString("en-US")} lines`;
    expect(map.stderr.all).toEqual([`${words} after ${lines}; the same command with --resume goes on`]);
    await pm.process.exited;

    await using next = new TaskFarm(consumers());
    expect(await next.run(first, ...rest, "--resume")).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    expect(pm.mapped()).toEqual(answersTo(asked).map((answer) => JSON.stringify(answer)));
    expect(inOrder(await next.begunSo(asked.length - length))).toEqual(asked.slice(length).map(({ n }) => n));
  });
});

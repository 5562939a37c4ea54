import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { missing } from "../support/needs.ts";
import { TaskFarm, taskPool, taskWorkers } from "../support/task-farm.ts";

setDefaultTimeout(60_000);

const program = { node: "node", python: "python3", php: "php" } as const;
const call = (consumer: string, payload: unknown): object => ({ n: 1, call: { consumer, payload } });
const nested = (through: readonly string[]): object =>
  through.reduceRight<object>((payload, consumer) => call(consumer, payload), { n: 99 });
const unwrapped = (depth: number): object =>
  Array.from({ length: depth }).reduce<object>((inner) => ({ called: inner }), { n: 99 });
const callers = (): TaskFarm => new TaskFarm({ front: taskPool({ processes: 1 }), back: taskPool({ processes: 1 }) });

const refused = (message: string, reason: object): object => ({
  status: 422,
  id: null,
  error: { code: "failed", message, details: reason },
});

describe.each(["node", "python", "php"] as const)("a worker in %s", (language) => {
  test.skipIf(missing(program[language]) !== null)("calls other consumers, and hears why it may not", async () => {
    const command = taskWorkers[language];
    await using pm = new TaskFarm({
      front: taskPool({ command, processes: 2 }),
      back: taskPool({ processes: 2 }),
      plain: { command: ["sleep", "1000"] },
    });
    expect(await pm.post("front", call("back", { n: 2, name: "Žofie" }))).toEqual({
      status: 200,
      id: null,
      result: { called: { n: 2, name: "Žofie" } },
    });
    // Two ways at once, over the same two workers.
    const many = Array.from({ length: 50 }, (_, at) => pm.post("front", call("back", { n: 100 + at })));
    const results = (await Promise.all(many)).map(({ result }) => result);
    expect(results).toEqual(many.map((_, at) => ({ called: { n: 100 + at } })));

    const reply = await pm.post("front", call("back", { n: 3, fail: "no such file" }));
    expect([reply.status, reply.error?.code, reply.error?.message]).toEqual([422, "failed", "no such file"]);
    const messages = [
      await pm.post("front", call("front", { n: 4 })),
      await pm.post("front", call("back", { n: 5, call: { consumer: "front", payload: { n: 6 } } })),
      await pm.post("front", call("nobody", { n: 7 })),
      await pm.post("front", call("plain", { n: 8 })),
      await pm.post("front", call("back", { n: 9, text: "x".repeat(70_000) })),
    ].map(({ status, error }) => [status, error?.message]);
    expect(messages).toEqual([
      [422, "front → front would wait for itself; call a consumer that is not waiting already"],
      [422, "front → back → front would wait for itself; call a consumer that is not waiting already"],
      [422, expect.stringContaining("nobody")],
      [422, expect.stringContaining("plain")],
      [422, "the payload is longer than the 65536 bytes of a frame"],
    ]);
    expect(pm.begun().filter((n) => [4, 6, 7, 8, 9].includes(n))).toEqual([]);
    expect((await pm.post("front", call("back", { n: 10 }))).status).toBe(200);
    expect(pm.recorded("Worker exited.")).toEqual([]);
    expect(pm.recorded("Task protocol violated.")).toEqual([]);
  });
});

test("calls go eight deep and no deeper", async () => {
  const names = ["c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9"];
  await using pm = new TaskFarm(Object.fromEntries(names.map((name) => [name, taskPool({ processes: 1 })])));
  expect(await pm.post("c1", nested(names.slice(1, 8)))).toEqual({ status: 200, id: null, result: unwrapped(7) });
  expect((await pm.post("c1", nested(names.slice(1)))).error?.message).toBe(
    `8 calls wait for each other already (${names.slice(0, 8).join(" → ")}), more are not taken`,
  );
});

describe("a called task is called off", () => {
  const payload = call("back", { n: 2, gate: "never" });

  test.each(["node", "python", "php"] as const)(
    "when the task of %s that called it is called off",
    async (language) => {
      if (missing(program[language]) !== null) return;
      await using pm = new TaskFarm({
        front: taskPool({ command: taskWorkers[language], processes: 1 }),
        back: taskPool({ processes: 1 }),
      });
      const left = new AbortController();
      const task = pm.post("front", payload, {}, left.signal).catch(() => "left");
      await pm.said("begun 2");
      left.abort();
      expect(await task).toBe("left");
      await pm.said("aborted 2");
      expect((await pm.post("back", { n: 3 })).status).toBe(200);
      expect(pm.recorded("Worker exited.")).toEqual([]);
    },
  );

  test("when the task that called it runs out of time", async () => {
    await using pm = callers();
    await pm.warmUp("back", 1);
    const late = pm.post("front", payload, { timeout_seconds: 3 });
    await pm.said("begun 2");
    expect((await late).error?.code).toBe("timeout");
    await pm.said("aborted 2");
    expect((await pm.post("back", { n: 3 })).status).toBe(200);
    expect(pm.recorded("Worker exited.")).toEqual([]);
  });

  test("when the worker that called it dies", async () => {
    await using pm = callers();
    const lost = pm.post("front", payload);
    await pm.said("begun 2");
    const [pid] = await pm.pids("front");
    process.kill(pid ?? 0, "SIGKILL");
    expect((await lost).error?.code).toBe("lost");
    await pm.said("aborted 2");
    expect((await pm.post("back", { n: 3 })).status).toBe(200);
  });
});

test("a full consumer refuses calls as it refuses everybody", async () => {
  await using pm = new TaskFarm({
    front: taskPool({ processes: 1 }),
    back: taskPool({ processes: 1 }, { mailbox_limit: 1 }),
  });
  const held = [1, 2].map((n) => pm.post("back", { n, gate: "g" }));
  await pm.tasksSeen("back", (now) => now.waiting + now.inFlight === 2);
  expect(await pm.post("front", call("back", { n: 4 }))).toEqual(
    expect.objectContaining(
      refused("too many tasks wait for back already; ask again later", expect.objectContaining({ code: "overloaded" })),
    ),
  );
  pm.release("g");
  await Promise.all(held);
  expect((await pm.post("front", call("back", { n: 5 }))).status).toBe(200);
});

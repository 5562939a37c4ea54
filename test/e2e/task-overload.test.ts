import { expect, setDefaultTimeout, test } from "bun:test";
import { TaskFarm, taskPool, type TaskReply } from "../support/task-farm.ts";

setDefaultTimeout(60_000);

const places = 2 * (1 + 5); // two workers with one task at work and five that wait

test("a full pool refuses at once, before any of the tasks it has taken is done, and goes on as before", async () => {
  await using pm = new TaskFarm({ a: taskPool({ processes: 2 }, { mailbox_limit: 5, timeout: "30s" }) });
  await pm.settled();
  const replies = Array.from({ length: 10 * places }, (_, n) => pm.post("a", { n, gate: "g" }));
  let refused = 0;
  let done = 0;
  const allRefused = Promise.withResolvers<void>();
  const watch = async (reply: Promise<TaskReply>): Promise<void> => {
    if ((await reply).status === 200) done++;
    else if (++refused === 9 * places) allRefused.resolve();
  };
  for (const reply of replies) void watch(reply);
  await allRefused.promise;
  expect(done).toBe(0);
  const late = await pm.send("a", '{"payload":{"n":1000}}');
  expect([late.status, late.headers.get("retry-after"), await late.json()]).toEqual([
    429,
    "1",
    { id: null, error: { code: "overloaded", message: "too many tasks wait for a already; ask again later" } },
  ]);
  expect(await pm.run("task a", '{"n":1001}')).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: "pm task: too many tasks wait for a already; ask again later",
  });

  pm.release("g");
  const all = await Promise.all(replies);
  expect(all.filter(({ status }) => status === 200).length).toBe(places);
  expect(all.filter(({ error }) => error?.code === "overloaded").length).toBe(9 * places);
  const accepted = all.filter(({ status }) => status === 200).length;
  expect((await pm.begunSo(accepted)).toSorted((a, b) => a - b)).toEqual(
    all.flatMap(({ status }, n) => (status === 200 ? [n] : [])),
  );
  expect(await pm.post("a", { n: 2000 })).toEqual({ status: 200, id: null, result: { n: 2000 } });
  const page = await pm.metrics();
  expect(page.value('task_rejected_total{consumer="a",reason="overloaded"}')).toBe(9 * places + 2);
  expect(page.value('task_finished_total{consumer="a",result="ok"}')).toBe(places + 1);
  expect(await pm.stop()).toBe(0);
});

test("under ten times the load it can bear, what it takes keeps its deadline", async () => {
  await using pm = new TaskFarm({ a: taskPool({ processes: 2 }, { mailbox_limit: 5, timeout: "20s" }) });
  await pm.settled();
  const replies = [];
  for (let wave = 0; wave < 10; wave++) {
    const posts = Array.from({ length: 2 * places }, (_, at) => pm.post("a", { n: 100 * wave + at, ms: 20 }));
    replies.push(...posts);
    await Promise.race(posts);
  }
  const codes = (await Promise.all(replies)).map(({ error }) => error?.code ?? "ok");
  expect(codes.filter((code) => code !== "ok" && code !== "overloaded")).toEqual([]);
  const ok = codes.filter((code) => code === "ok").length;
  expect(ok).toBeGreaterThanOrEqual(places);
  expect((await pm.begunSo(ok)).length).toBe(ok);
  const page = await pm.metrics();
  expect([
    page.sum("task_finished_total", 'consumer="a"'),
    page.value('task_finished_total{consumer="a",result="ok"}'),
    page.sum("task_rejected_total", 'consumer="a"'),
  ]).toEqual([ok, ok, codes.length - ok]);
});

test("pm map waits for room beside others, and leaves some to them", async () => {
  await using pm = new TaskFarm({ a: taskPool({ processes: 2 }, { mailbox_limit: 5 }) });
  const payloads = Array.from({ length: 300 }, (_, at) => ({ n: at + 1, ms: 2 }));
  const map = pm.map("a", payloads);
  await pm.said("begun 20");
  const single = await pm.post("a", { n: 1000 });
  expect(single.status).toBe(200);
  const { exitCode, answers } = await map;
  expect([exitCode, answers]).toEqual([0, payloads.map((result) => ({ id: result.n, result }))]);
  expect(await pm.metric('task_rejected_total{consumer="a",reason="overloaded"}')).toBe(0);
});

import { expect, setDefaultTimeout, test } from "bun:test";
import { TaskFarm, taskPool } from "../support/task-farm.ts";

setDefaultTimeout(60_000);

const quick = {
  smoothing_window_sec: 0.3,
  scale_up_cooldown_sec: 0,
  scale_down_cooldown_sec: 0,
  scale_up_step: 8,
  scale_down_step: 8,
} as const;

test("a pool rests without a worker, wakes for the first task, and rests again", async () => {
  const strategy = { type: "queue", per_worker: 1 };
  await using pm = new TaskFarm({ a: taskPool({ autoscaler: { ...quick, min: 0, max: 2, strategy } }) });
  expect(await pm.pids("a")).toEqual([]);
  for (const n of [1, 2]) {
    expect(await pm.post("a", { n })).toEqual({ status: 200, id: null, result: { n } });
    await pm.seen("a", ({ workers }) => workers.length === 0);
  }
  expect(await pm.begunSo(2)).toEqual([1, 2]);
  expect(pm.recorded("Sent SIGKILL to worker after stop timeout.")).toEqual([]);
});

test("a pool grows by its waiting tasks, and status and metrics tell exactly what it did", async () => {
  const strategy = { type: "queue", per_worker: 1 };
  await using pm = new TaskFarm({ a: taskPool({ autoscaler: { ...quick, min: 1, max: 4, strategy } }) });
  const held = Array.from({ length: 8 }, (_, at) => pm.post("a", { n: at + 1, gate: "g" }));
  await Promise.all([1, 2, 3, 4].map((n) => pm.said(`begun ${n}`)));
  await pm.seen("a", ({ workers }) => workers.filter(({ state }) => state === "ready").length === 4);
  await pm.tasksSeen("a", ({ waiting, inFlight }) => waiting === 4 && inFlight === 4);
  expect((await pm.consumer("a")).tasks).toMatchObject({ waiting: 4, in_flight: 4 });
  expect(await pm.metric('worker_busy_workers{consumer="a"}')).toBe(4);

  pm.release("g");
  await Promise.all(held);
  const failed = await Promise.all([21, 22, 23].map((n) => pm.post("a", { n, fail: "no" }, { retries: 1 })));
  expect(failed.map(({ status }) => status)).toEqual([422, 422, 422]);
  const final = await pm.post("a", { n: 24, fail: "no", final: true }, { retries: 5 });
  expect(final.status).toBe(422);
  expect((await pm.post("a", { n: 25, gate: "never" }, { timeout_seconds: 0.3 })).status).toBe(504);

  const page = await pm.metrics();
  const each = (metric: string, label: string, ...values: string[]): unknown =>
    Object.fromEntries(values.map((value) => [value, page.value(`${metric}{consumer="a",${label}="${value}"}`)]));
  expect(page.value('task_accepted_total{consumer="a"}')).toBe(13);
  expect(page.value('task_retries_total{consumer="a"}')).toBe(3);
  expect(each("task_finished_total", "result", "ok", "failed", "timeout", "lost")).toEqual({
    ok: 8,
    failed: 4,
    timeout: 1,
    lost: 0,
  });
  // Every begin is a wait that has ended; every task has run to one answer.
  expect(page.value('task_wait_seconds_count{consumer="a"}')).toBe(pm.begun().length);
  expect(page.value('task_run_seconds_count{consumer="a"}')).toBe(13);
  expect([page.value('task_waiting{consumer="a"}'), page.sum("task_rejected_total", 'consumer="a"')]).toEqual([0, 0]);
  await pm.seen("a", ({ workers }) => workers.length === 1);
});

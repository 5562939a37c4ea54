import { expect, setDefaultTimeout, test } from "bun:test";
import { type ConsumerText, farmFile, sh, steady } from "../support/farm-file.ts";
import { FolderQueue } from "../support/folder-queue.ts";
import { PmProcess } from "../support/pm-process.ts";
import { ProcessSampler } from "../support/process-sampler.ts";

setDefaultTimeout(30_000);

const quick = {
  smoothing_window_sec: 0.5,
  scale_up_cooldown_sec: 0,
  scale_down_cooldown_sec: 0,
  scale_up_step: 8,
  scale_down_step: 8,
} as const;

/** One message a worker. */
const pool = (queue: FolderQueue, size: ConsumerText): ConsumerText => ({
  ...queue.consumer,
  autoscaler: {
    ...quick,
    ...size,
    strategy: { type: "queue", per_worker: 1, timeout: "1s", queues: queue.source() },
  },
});
const current = (consumer: string) => `autoscaler_current_workers{consumer="${consumer}"}`;
const draining = (consumer: string) => `worker_state{consumer="${consumer}",state="draining"}`;

test("when the load moves to the higher priority its pool gets the workers, and no instant has more than the cap", async () => {
  await using low = new FolderQueue("low");
  await using high = new FolderQueue("high");
  await using pm = new PmProcess(
    farmFile(
      { low: pool(low, { min: 1, max: 6 }), high: pool(high, { min: 1, max: 6, priority: 10 }) },
      { total_cap: 6, autoscaler_interval_sec: 0.1, host_brake: false },
    ),
  );
  await pm.address();
  using sampler = new ProcessSampler(pm.pid);
  const ofLow = low.put(40, 0.2);
  await pm.until(current("low"), (workers) => workers === 5);
  const ofHigh = high.put(40, 0.2);
  await pm.until(current("high"), (workers) => workers === 5);
  expect(await pm.metric(current("low"))).toBe(1);
  await pm.until('messages_processed_total{consumer="high",transport="high"}', (count) => count === 40);
  await pm.until('messages_processed_total{consumer="low",transport="low"}', (count) => count === 40);
  await pm.until(current("high"), (workers) => workers === 1);
  await pm.until(current("low"), (workers) => workers === 1);
  const seen = sampler.counts.slice();
  expect(await pm.stop()).toBe(0);
  expect(Math.max(...seen)).toBe(6);
  expect(seen.length).toBeGreaterThan(20);
  expect(low.done().toSorted()).toEqual(ofLow.toSorted());
  expect(high.done().toSorted()).toEqual(ofHigh.toSorted());
  expect(pm.stderr.all.filter((line) => line.includes("SIGKILL"))).toEqual([]);
});

test("an idle worker goes first, and a busy one is told to stop only when it has finished its message", async () => {
  await using low = new FolderQueue("low");
  await using high = new FolderQueue("high");
  await using pm = new PmProcess(
    farmFile(
      {
        low: pool(low, { min: 1, max: 3, damping: { stabilization: { down: "1h" } } }),
        high: pool(high, { min: 1, max: 3, priority: 10 }),
      },
      { total_cap: 4, autoscaler_interval_sec: 0.1, host_brake: false },
    ),
  );
  await pm.address();
  using sampler = new ProcessSampler(pm.pid);
  const messages = [...low.put(2, "held"), ...low.put(1, 0.3)];
  await pm.until('messages_processed_total{consumer="low",transport="low"}', (count) => count === 1);
  expect(await pm.metric(current("low"))).toBe(3);

  high.put(3, "held");
  const { context: idle } = await pm.record("Worker exited.", { consumer: "low", reason: "scale_down" });
  expect(await pm.until(current("high"), (workers) => workers === 2)).toBe(2);
  await pm.until(draining("low"), (workers) => workers === 1);
  const asked = high.questions;
  await pm.until(draining("low"), () => high.questions > asked + 3); // so many more decisions
  expect(await pm.metric(draining("low"))).toBe(1);
  expect(await pm.metric(current("high"))).toBe(2);
  expect(pm.recorded("Worker exited.")).toHaveLength(1);

  low.release();
  await pm.until(current("high"), (workers) => workers === 3);
  const [first, second, ...others] = pm.recorded("Worker exited.");
  expect([first?.context, others]).toEqual([idle, []]);
  expect(second?.context).toMatchObject({ consumer: "low", reason: "scale_down", exit_code: 0 });
  high.release();
  await pm.until('messages_processed_total{consumer="high",transport="high"}', (count) => count === 3);
  expect(Math.max(...sampler.counts)).toBe(4);
  expect(await pm.stop()).toBe(0);
  expect(low.done().toSorted()).toEqual(messages.toSorted());
  expect(pm.stdout.all.filter((line) => line.includes("in hand"))).toEqual([]);
});

/** Asks for five workers in six evaluations and for none in the next six, or the other way round. */
const toAndFro = (queue: FolderQueue, first: "five" | "none") => () =>
  Response.json({ depth: queue.questions % 12 < 6 === (first === "five") ? 5 : 0 });

test("no instant has more than the cap when workers crash, end slowly and the load goes to and fro", async () => {
  await using low = new FolderQueue("low");
  await using high = new FolderQueue("high");
  low.answer = toAndFro(low, "five");
  high.answer = toAndFro(high, "none");
  const crashing = {
    command: sh("trap 'sleep 0.2; exit' TERM; sleep 0.15; exit 1"),
    ready: "started",
    failure_limit: 1000,
    backoff_base: "20ms",
    backoff_max: "50ms",
  };
  await using pm = new PmProcess(
    farmFile(
      {
        low: { ...pool(low, { min: 1, max: 5 }), ...crashing },
        high: { ...pool(high, { min: 0, max: 5, priority: 10 }), ...crashing },
        static: { ...steady, processes: 1 },
      },
      { total_cap: 6, autoscaler_interval_sec: 0.1, host_brake: false },
    ),
  );
  await pm.address();
  using sampler = new ProcessSampler(pm.pid);
  await pm.until("process_manager_running", () => high.questions >= 36);
  expect(Math.max(...sampler.counts)).toBe(6);
  const adjusted = (consumer: string) => pm.recorded("Autoscaler adjusted target.", { consumer }).length;
  expect(Math.min(adjusted("low"), adjusted("high"))).toBeGreaterThanOrEqual(4);
  expect(await pm.stop()).toBe(0);
});

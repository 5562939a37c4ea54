import { writeFileSync } from "node:fs";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { type ConsumerText, farmFile, sh, steady } from "../support/farm-file.ts";
import { FolderQueue } from "../support/folder-queue.ts";
import { PmProcess } from "../support/pm-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

setDefaultTimeout(20_000);

const quick = {
  smoothing_window_sec: 0.3,
  scale_up_cooldown_sec: 0,
  scale_down_cooldown_sec: 0,
  scale_up_step: 8,
  scale_down_step: 8,
} as const;

const farm = (worker: ConsumerText, size: ConsumerText): string =>
  farmFile(
    { a: { ...worker, autoscaler: { ...quick, ...size } } },
    { autoscaler_interval_sec: 0.2, host_brake: false },
  );

const target = 'autoscaler_target_workers{consumer="a"}';
const current = 'autoscaler_current_workers{consumer="a"}';

/** Waits for so many evaluations with this outcome. */
const evaluated = (pm: PmProcess, reason: string, wanted: number): Promise<number> =>
  pm.until(`autoscaler_decisions_total{consumer="a",reason="${reason}"}`, (count) => count >= wanted);

test("utilization grows a pool whose workers all have work, and shrinks it when they have none", async () => {
  await using queue = new FolderQueue("q");
  await using pm = new PmProcess(
    farm(queue.consumer, { min: 1, max: 4, strategy: { type: "utilization", target: 0.7 } }),
  );
  await pm.until('worker_state{consumer="a",state="ready"}', (ready) => ready === 1);
  const messages = queue.put(4, "held");
  await pm.until(target, (workers) => workers === 4);
  await pm.until('worker_busy_workers{consumer="a"}', (busy) => busy === 4);
  queue.release();
  await pm.until(current, (workers) => workers === 1);
  expect(await pm.stop()).toBe(0);
  expect(queue.done().toSorted()).toEqual(messages);
});

test("a pool of none is woken by its queue, works it off and goes back to none, ready all the time", async () => {
  await using queue = new FolderQueue("q");
  await using pm = new PmProcess(
    farm(queue.consumer, {
      min: 0,
      max: 3,
      strategy: { type: "queue", max_wait: "2s", timeout: "150ms", queues: queue.source() },
    }),
  );
  await evaluated(pm, "steady", 2);
  expect(pm.recorded("Worker started.")).toEqual([]);
  expect((await pm.get("/readyz")).status).toBe(200);
  const rounds: string[][] = [];
  for (const round of [1, 2]) {
    rounds.push(queue.put(10, 0.05));
    await pm.until('messages_processed_total{consumer="a",transport="q"}', (count) => count === 10 * round);
    await pm.until(current, (workers) => workers === 0);
    await pm.until('worker_state{consumer="a",state="draining"}', (workers) => workers === 0);
    expect((await pm.get("/readyz")).status).toBe(200);
  }
  expect(await pm.stop()).toBe(0);
  expect(queue.done().toSorted()).toEqual(rounds.flat().toSorted());
});

test("a schedule holds its floor while it is in force", async () => {
  const rules = [
    { cron: "* * * * *", min: 3 },
    { cron: "0 0 31 2 *", min: 5 },
  ];
  await using pm = new PmProcess(farm(steady, { min: 0, max: 6, strategy: { type: "schedule", rules } }));
  await pm.until(current, (workers) => workers === 3);
  await evaluated(pm, "steady", 2);
  expect(await pm.metric(current)).toBe(3);
  expect(await pm.stop()).toBe(0);
});

describe("a command", () => {
  const answers = {
    once: 'cat >"$1.seen"; cat "$1"',
    lines: 'while read -r line; do printf "%s\\n" "$line" >"$1.seen"; cat "$1"; done',
  };

  test.each(["once", "lines"] as const)("in mode %s decides the size from a snapshot", async (mode) => {
    using folder = temporaryFolder();
    const file = `${folder.path}/wish`;
    writeFileSync(file, "3\n");
    const command = [...sh(answers[mode]), "sh", file];
    await using pm = new PmProcess(
      farm(steady, { min: 1, max: 5, strategy: { type: "command", command, mode, timeout: "1s" } }),
    );
    await pm.until(current, (workers) => workers === 3);
    expect(await Bun.file(`${file}.seen`).json()).toMatchObject({
      consumer: "a",
      current_workers: expect.any(Number),
      busy_workers: 0,
      queue_depth: null,
      min: 1,
      max: 5,
    });
    writeFileSync(file, "99\n");
    await pm.until(current, (workers) => workers === 5);
    writeFileSync(file, "nonsense\n");
    await pm.record("Autoscaler source failed.", { consumer: "a" });
    await pm.until(current, (workers) => workers === 1); // by utilization: nobody is busy
    writeFileSync(file, "2\n");
    await pm.record("Autoscaler source recovered.", { consumer: "a" });
    await pm.until(current, (workers) => workers === 2);
    expect(await pm.stop()).toBe(0);
  });
});

test("the largest of several counts", async () => {
  await using queue = new FolderQueue("q");
  const of = [
    { type: "queue", per_worker: 1, timeout: "150ms", queues: queue.source() },
    { type: "schedule", rules: [{ cron: "* * * * *", min: 2 }] },
  ];
  await using pm = new PmProcess(farm(queue.consumer, { min: 0, max: 6, strategy: { type: "max", of } }));
  await pm.until(current, (workers) => workers === 2);
  queue.put(5, "held");
  await pm.until(current, (workers) => workers === 5);
  queue.release();
  await pm.until(current, (workers) => workers === 2);
  expect(await pm.stop()).toBe(0);
});

console.warn("skipping the host brake: a test cannot make memory, processor time or pids of its machine short");

import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { type ConsumerText, farmFile, sh, steady } from "../support/farm-file.ts";
import { FolderQueue } from "../support/folder-queue.ts";
import { goneFromProcessTable, PmProcess } from "../support/pm-process.ts";
import { until } from "../support/proc.ts";
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
    { autoscaler_interval_sec: 0.1, host_brake: false },
  );

const workers = (state: string): string => `worker_state{consumer="a",state="${state}"}`;
const steadily = 'autoscaler_decisions_total{consumer="a",reason="steady"}';
const told = (pm: PmProcess): number => pm.recorded("Sent SIGTERM to worker.").length;

/** A pool whose size stands in a file, in the middle of a scale-down from 3 to 1 that busy workers keep from its end. */
async function shrinking(): Promise<
  AsyncDisposable & { pm: PmProcess; queue: FolderQueue; messages: string[]; readonly wish: (size: number) => void }
> {
  const folder = temporaryFolder();
  const queue = new FolderQueue("q");
  const file = join(folder.path, "wish");
  const wish = (size: number): void => writeFileSync(file, `${size}\n`);
  wish(3);
  const messages = queue.put(3, "held");
  const strategy = { type: "command", command: ["cat", file], timeout: "90ms", on_failure: "hold" };
  const pm = new PmProcess(farm(queue.consumer, { min: 1, max: 3, strategy }));
  await pm.until('worker_busy_workers{consumer="a"}', (busy) => busy === 3);
  wish(1);
  await pm.until(workers("draining"), (count) => count === 2);
  return {
    pm,
    queue,
    messages,
    wish,
    async [Symbol.asyncDispose]() {
      await pm[Symbol.asyncDispose]();
      await queue[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

describe("a scale-down of busy workers", () => {
  test("tells them to stop when they have finished, and not before", async () => {
    await using scene = await shrinking();
    const { pm, queue, messages } = scene;
    const before = (await pm.metric(steadily)) ?? 0;
    await pm.until(steadily, (count) => count >= before + 3);
    expect([await pm.metric(workers("draining")), told(pm)]).toEqual([2, 0]);
    queue.release();
    const exits = await pm.records("Worker exited.", 2);
    expect(exits.map(({ context }) => [context["reason"], context["exit_code"]])).toEqual([
      ["scale_down", 0],
      ["scale_down", 0],
    ]);
    expect(await pm.stop()).toBe(0);
    expect(queue.done().toSorted()).toEqual(messages);
    expect(pm.stdout.all).toEqual([]);
  });

  test("is called off when the load returns: the same processes go on", async () => {
    await using scene = await shrinking();
    const { pm, queue, messages, wish } = scene;
    wish(3);
    await pm.until(workers("draining"), (count) => count === 0);
    expect(await pm.metric(workers("ready"))).toBe(3);
    expect([pm.recorded("Worker started.").length, told(pm)]).toEqual([3, 0]);
    queue.release();
    messages.push(...queue.put(3, 0));
    await pm.until('messages_processed_total{consumer="a",transport="q"}', (count) => count === 6);
    expect(pm.recorded("Worker started.").length).toBe(3);
    expect(await pm.stop()).toBe(0);
    expect(queue.done().toSorted()).toEqual(messages);
  });

  test("is overtaken by the end of the farm: all finish what they have in hand, none is killed", async () => {
    await using scene = await shrinking();
    const { pm, queue, messages } = scene;
    const ended = pm.stop();
    await pm.records("Sent SIGTERM to worker.", 3, { reason: "shutdown" });
    queue.release();
    expect(await ended).toBe(0);
    await pm.stderr.ended;
    expect(queue.done().toSorted()).toEqual(messages);
    expect(pm.stderr.all.filter((line) => line.includes("SIGKILL"))).toEqual([]);
    await goneFromProcessTable(pm.mark);
  });
});

/** Says that it runs by a file of the given name, and never answers, nor does the child it has. */
const silent = (file: string): readonly string[] => [...sh('sleep 1000 & >"$0"; wait'), file];

describe("a shutdown in the middle of a scale-up leaves nothing behind", () => {
  test("when workers have just been started", async () => {
    await using queue = new FolderQueue("q");
    await using pm = new PmProcess(
      farm(queue.consumer, {
        min: 1,
        max: 8,
        strategy: { type: "queue", per_worker: 1, timeout: "90ms", queues: queue.source() },
      }),
    );
    await pm.address();
    queue.put(8, 0.1);
    await pm.record("Autoscaler adjusted target.");
    expect(await pm.stop()).toBe(0);
    await goneFromProcessTable(pm.mark);
    await pm.stderr.ended;
    const lines = pm.stderr.all;
    const end = lines.findIndex((line) => line.includes("Process manager shutting down."));
    expect(lines.slice(end).filter((line) => line.includes("Worker started."))).toEqual([]);
  });

  test.each<[string, (command: readonly string[]) => ConsumerText]>([
    ["a source is being asked", (command) => ({ type: "queue", per_worker: 1, timeout: "1h", queues: { command } })],
    ["a command is asked once", (command) => ({ type: "command", command, timeout: "1h" })],
    ["a command is asked line by line", (command) => ({ type: "command", command, timeout: "1h", mode: "lines" })],
  ])("while %s", async (_, strategyOf) => {
    using folder = temporaryFolder();
    const file = join(folder.path, "runs");
    await using pm = new PmProcess(farm(steady, { min: 1, max: 3, strategy: strategyOf(silent(file)) }));
    await pm.address();
    await until(() => existsSync(file));
    expect(await pm.stop()).toBe(0);
    await goneFromProcessTable(pm.mark);
  });
});

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { farmFile, sh } from "../support/farm-file.ts";
import { FolderQueue } from "../support/folder-queue.ts";
import type { PmProcess } from "../support/pm-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { did, failed, SteeredPm } from "../support/steered-pm.ts";

setDefaultTimeout(30_000);

const size = 20;
const script = join(import.meta.dir, "../fixtures/folder-worker.sh");

/** A worker of the queue that first says when it begins to serve, in milliseconds of the wall clock. */
const stamped = sh(`echo "serves at $(date +%s%3N)"; set --; . ${script}`);

/** A moment at which a worker begins or ends to serve. */
interface Turn {
  readonly atMs: number;
  readonly by: 1 | -1;
}

/** By pm's own log a worker ends to serve when it is told to stop, and by its own word it begins again. */
function turns(pm: PmProcess): Turn[] {
  const told = pm.stderr.all.flatMap((line): Turn[] =>
    line.startsWith('{"message":"Sent SIGTERM') ? [{ atMs: Date.parse(JSON.parse(line).datetime), by: -1 }] : [],
  );
  const began = pm.stdout.all.flatMap((line): Turn[] => {
    const stamp = /serves at (\d+)$/u.exec(line)?.[1];
    return stamp === undefined ? [] : [{ atMs: Number(stamp), by: 1 }];
  });
  return [...told, ...began].toSorted((a, b) => a.atMs - b.atMs || b.by - a.by);
}

/** How many served at each turn, from the moment on at which all did. */
function servingAtEachTurn(pm: PmProcess): number[] {
  let serving = 0;
  const counts = turns(pm).map(({ by }) => (serving += by));
  return counts.slice(counts.indexOf(size));
}

describe.each([
  [1, 240],
  [4, 120],
])("a rolling restart of 20 workers under load, %d at a time, with %d messages", (unavailable, count) => {
  test("loses and interrupts no message, and never has fewer workers at hand", async () => {
    await using queue = new FolderQueue("work");
    const work = { ...queue.consumer, command: stamped, processes: size, min_uptime: "50ms" };
    await using pm = new SteeredPm(farmFile({ work }));
    const messages = queue.put(count, 0.3);
    await pm.seen("work", ({ ready, busy }) => ready === size && busy > size / 2);
    const before = await pm.pids("work");
    const restart = pm.run(`restart work --rolling --max-unavailable ${unavailable}`);
    const restarted = restart.then(() => "over" as const);
    const seen: number[] = [];
    let busiest = 0;
    while ((await Promise.race([restarted, pm.consumer("work")])) !== "over") {
      const { ready, busy } = await pm.consumer("work");
      seen.push(ready);
      busiest = Math.max(busiest, busy);
    }
    expect(await restart).toEqual(did(/work: 20 workers restarted one after the other in [\d.]+ s/));
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(size - unavailable);
    expect(busiest).toBeGreaterThan(size / 2);
    const after = await pm.pids("work");
    expect(after.filter((pid) => pid === null || before.includes(pid))).toEqual([]);
    const serving = servingAtEachTurn(pm);
    expect([Math.min(...serving), Math.max(...serving), serving.at(-1)]).toEqual([size - unavailable, size, size]);
    await pm.until('messages_processed_total{consumer="work",transport="work"}', (value) => value === messages.length);
    expect(queue.done().toSorted()).toEqual(messages.toSorted());
    expect(await pm.metric('worker_restarts_total{consumer="work",reason="restart"}')).toBe(size);
    expect(await pm.metric('worker_exits_total{consumer="work",exit_code="0"}')).toBe(size);
    expect(pm.recorded("Messages in flight lost.")).toEqual([]);
    expect(await pm.stop()).toBe(0);
  });
});

describe("a rolling restart with a broken new command", () => {
  test("in the same file: ends at the first that fails, and the others were not touched", async () => {
    await using queue = new FolderQueue("work");
    const command = ["sh", "worker.sh"];
    const work = {
      ...queue.consumer,
      command,
      processes: size,
      min_uptime: "50ms",
      failure_limit: 1,
      failure_window: "2h",
      backoff_max: "1h",
      backoff_base: "1h",
    };
    using folder = temporaryFolder();
    const become = (text: string): void => {
      writeFileSync(join(folder.path, "new.sh"), text);
      renameSync(join(folder.path, "new.sh"), join(folder.path, "worker.sh")); // those that run keep what they have
    };
    become(`. ${script}`);
    await using pm = new SteeredPm(farmFile({ work: { ...work, cwd: folder.path } }));
    const before = (await pm.seen("work", ({ ready }) => ready === size)).workers.map(({ pid }) => pid);
    become("exit 1");
    expect(await pm.run("restart work --rolling --max-unavailable 1")).toEqual(
      failed("pm restart: work: worker 1 (slot 0) failed: exit code 1; 0 restarted, 19 left as they were"),
    );
    expect(await pm.pids("work")).toEqual(before.with(0, null));
    const messages = queue.put(40, 0);
    await pm.until('messages_processed_total{consumer="work",transport="work"}', (value) => value === messages.length);
    expect(queue.done().toSorted()).toEqual(messages.toSorted());
    expect((await pm.run("events -n 1")).stdout).toContain(
      "work: not restarted: worker 1 (slot 0) failed: exit code 1; 0 restarted",
    );
    become(`. ${script}`);
    expect(await pm.run("restart work --rolling --max-unavailable 5")).toEqual(did(/work: 20 workers restarted .*/));
    expect((await pm.pids("work")).filter((pid) => pid === null || before.includes(pid))).toEqual([]);
  });

  test("by a reload: one worker tries it and is put back, the others were not touched", async () => {
    await using queue = new FolderQueue("work");
    const work = { ...queue.consumer, processes: size, min_uptime: "50ms" };
    await using pm = new SteeredPm(farmFile({ work }));
    const before = (await pm.seen("work", ({ ready }) => ready === size)).workers.map(({ pid }) => pid);
    pm.rewrite(farmFile({ work: { ...work, command: sh("exit 1") } }));
    const { exitCode, stdout, stderr } = await pm.run("reload");
    expect([exitCode, stdout, stderr.split("\n").at(-1)]).toEqual([
      1,
      "",
      "pm reload: work: worker 1 failed with its new definition: exit code 1; all is as it was",
    ]);
    const after = (await pm.seen("work", ({ ready }) => ready === size)).workers.map(({ pid }) => pid);
    expect(after.slice(1)).toEqual(before.slice(1));
    expect(before).not.toContain(after[0] ?? null);
    const messages = queue.put(40, 0);
    await pm.until('messages_processed_total{consumer="work",transport="work"}', (value) => value === messages.length);
    expect(queue.done().toSorted()).toEqual(messages.toSorted());
  });

  test("by a reload whose first worker does well and a later one does not: the whole consumer is put back", async () => {
    await using queue = new FolderQueue("work");
    const old = sh(`echo old; exec sh ${script}`);
    const work = { ...queue.consumer, command: old, processes: size, min_uptime: "50ms" };
    await using pm = new SteeredPm(farmFile({ work }));
    const before = (await pm.seen("work", ({ ready }) => ready === size)).workers.map(({ pid }) => pid);
    // Those behind the one that fails are not ready before it has failed.
    const wait = '[ "$PM_WORKER_SLOT" -gt 7 ] && until [ -e go ]; do sleep 0.02; done';
    const fresh = sh(`[ "$PM_WORKER_SLOT" = 7 ] && exit 4; ${wait}; echo new; exec sh ${script}`);
    pm.rewrite(farmFile({ work: { ...work, command: fresh } }));
    const reload = pm.run("reload");
    await pm.record("Worker exited.", { exit_code: 4 });
    writeFileSync(join(pm.folder, "go"), "");
    const { exitCode, stderr } = await reload;
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringMatching(/; work: worker 8 failed with its new definition: exit code 4; put back as it was$/u),
    ]);
    const after = (await pm.seen("work", ({ ready }) => ready === size)).workers.map(({ pid }) => pid);
    // Five at a time: four beside the one that failed.
    expect(after.slice(12)).toEqual(before.slice(12));
    expect(after.slice(0, 8).filter((pid) => before.includes(pid))).toEqual([]);
    const last = new Map(
      pm.stdout.all.flatMap((line) => {
        const [, worker, word] = /^\[worker (\d+) work\] (old|new)$/u.exec(line) ?? [];
        return worker === undefined || word === undefined ? [] : [[worker, word] as const];
      }),
    );
    expect([last.size, ...new Set(last.values())]).toEqual([size, "old"]);
    const messages = queue.put(40, 0);
    await pm.until('messages_processed_total{consumer="work",transport="work"}', (value) => value === messages.length);
    expect(queue.done().toSorted()).toEqual(messages.toSorted());
    expect(await pm.run("reload --plan")).toEqual(did("! work: command changed, rolling restart"));
  });
});

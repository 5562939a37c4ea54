import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { farmFile, fixture, sh, steady } from "../support/farm-file.ts";
import { goneFromProcessTable, PmProcess, processesWith } from "../support/pm-process.ts";
import { guardianOf, isAlive, until } from "../support/proc.ts";

setDefaultTimeout(30_000);

const ends = (text: string) => (line: string) => line.endsWith(`] ${text}`);

/** The guardian, once it is there. */
async function guardian(pm: PmProcess): Promise<number> {
  await until(() => guardianOf(pm.pid) !== null);
  return guardianOf(pm.pid) ?? 0;
}

describe("when pm itself is killed with SIGKILL, nobody is left", () => {
  test("of its workers, of what they started, and of what left their group and session", async () => {
    const stubborn = `trap '' TERM HUP INT; setsid sleep 1000 & (trap '' TERM HUP; sleep 1000; :) & echo up; while :; do sleep 1000; done`;
    await using pm = new PmProcess(
      farmFile({
        a: { command: sh(stubborn), processes: 5 },
        b: { command: fixture("daemonizes.ts") },
        c: { ...steady, processes: 5 },
      }),
    );
    await pm.stdout.count(ends("up"), 11);
    const keeper = await guardian(pm);
    expect(processesWith(pm.mark).length).toBeGreaterThan(20);
    pm.signal("SIGKILL");
    await goneFromProcessTable(pm.mark);
    await until(() => !isAlive(keeper));
  });

  test("of workers that were just being started", async () => {
    for (const after of [1, 20, 45]) {
      await using pm = new PmProcess(farmFile({ a: { ...steady, processes: 50 } }));
      await pm.records("Worker started.", after);
      pm.signal("SIGKILL");
      await goneFromProcessTable(pm.mark);
    }
  });

  test("of workers that were just being stopped", async () => {
    const stubborn = `trap 'echo term' TERM; echo up; while :; do sleep 1000 & wait; done`;
    await using pm = new PmProcess(farmFile({ a: { command: sh(stubborn), processes: 5 } }));
    await pm.stdout.count(ends("up"), 5);
    pm.signal("SIGTERM");
    await pm.stdout.count(ends("term"), 5);
    pm.signal("SIGKILL");
    await goneFromProcessTable(pm.mark);
  });

  test("even after its guardian had been killed and replaced", async () => {
    await using pm = new PmProcess(farmFile({ a: { ...steady, processes: 3 } }));
    await pm.stdout.count(ends("up"), 3);
    const first = await guardian(pm);
    process.kill(first, "SIGKILL");
    await until(() => (guardianOf(pm.pid) ?? first) !== first);
    const second = await guardian(pm);
    expect(pm.process.exitCode).toBeNull();
    // One that came before and one that comes after it are both in its care.
    process.kill(Number((await pm.record("Worker started.", { worker: 2 })).context["pid"]), "SIGKILL");
    await pm.records("Worker started.", 2, { worker: 2 });
    pm.signal("SIGKILL");
    await goneFromProcessTable(pm.mark);
    await until(() => !isAlive(second));
  });

  test("by SIGSEGV it is the same", async () => {
    await using pm = new PmProcess(farmFile({ a: { ...steady, processes: 3 } }));
    await pm.stdout.count(ends("up"), 3);
    pm.signal("SIGSEGV");
    await pm.process.exited;
    await goneFromProcessTable(pm.mark);
  });
});

test("an orderly end leaves no guardian", async () => {
  await using pm = new PmProcess(farmFile({ a: steady }));
  await pm.stdout.find(ends("up"));
  const keeper = await guardian(pm);
  expect(await pm.stop()).toBe(0);
  await until(() => !isAlive(keeper));
});

test("a guardian that is killed again and again does not keep pm busy", async () => {
  await using pm = new PmProcess(farmFile({ a: steady }));
  const first = await guardian(pm);
  process.kill(first, "SIGKILL");
  await until(() => !isAlive(first));
  expect((await pm.get("/livez")).status).toBe(200);
  expect(guardianOf(pm.pid)).toBeNull(); // the next one comes after a pause
  expect(await pm.stop()).toBe(0);
});

import { openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { farmFile, sh, steady } from "../support/farm-file.ts";
import { goneFromProcessTable, PmProcess, processesWith } from "../support/pm-process.ts";
import { isAlive, stateOf, until } from "../support/proc.ts";

setDefaultTimeout(30_000);

const stopsWhenTold = ["sh", join(import.meta.dir, "..", "fixtures", "stops-when-told.sh"), "go"];

/** Makes the named pipe at which `stopsWhenTold` waits; what it returns lets so many of them end. */
function makeGate(pm: PmProcess): (workers: number) => void {
  const gate = join(pm.folder, "go");
  Bun.spawnSync(["mkfifo", gate]);
  const fd = openSync(gate, "r+"); // both ends: nobody blocks at opening it, now or later
  return (workers) => writeSync(fd, "\n".repeat(workers));
}

const ends = (text: string) => (line: string) => line.endsWith(`] ${text}`);

describe("a stop", () => {
  test("takes with it what has left the process group and the session of its worker", async () => {
    await using pm = new PmProcess(
      farmFile({
        a: { command: sh("setsid sleep 1000 >/dev/null 2>&1 </dev/null & echo up; exec sleep 1000"), processes: 3 },
      }),
    );
    await pm.stdout.count(ends("up"), 3);
    await until(() => processesWith(pm.mark).length >= 7);
    expect(await pm.stop()).toBe(0);
    expect(processesWith(pm.mark)).toEqual([]);
  });

  test("tells all of 200 workers at once: each has its signal before the first has ended", async () => {
    await using pm = new PmProcess(
      farmFile({ a: { command: stopsWhenTold, processes: 150 }, b: { command: stopsWhenTold, processes: 50 } }),
    );
    const open = makeGate(pm);
    await pm.stdout.count(ends("up"), 200);
    pm.signal("SIGTERM");
    await pm.stdout.count(ends("term"), 200);
    open(200);
    expect(await pm.process.exited).toBe(0);
    await pm.stdout.count(ends("bye"), 200);
    expect(
      pm.stderr.all.filter((line) => line.includes('"Worker exited."') && line.includes('"exit_code":0')),
    ).toHaveLength(200);
    expect(pm.stderr.all.filter((line) => line.includes("Sent SIGKILL"))).toEqual([]);
    await goneFromProcessTable(pm.mark);
  });

  test.each(["SIGTERM", "SIGINT", "SIGQUIT"] as const)("by %s is orderly and ends with 0", async (signal) => {
    await using pm = new PmProcess(farmFile({ a: { ...steady, processes: 3 } }));
    await pm.stdout.count(ends("up"), 3);
    pm.signal(signal);
    expect(await pm.process.exited).toBe(0);
    expect((await pm.record("Process manager shutting down.")).context).toEqual({ reason: "signal", signal });
    const exits = await pm.records("Worker exited.", 3);
    expect(exits.map(({ context }) => [context["signal"], context["reason"]])).toEqual(
      Array.from({ length: 3 }, () => ["SIGTERM", "shutdown"]),
    );
    expect((await pm.record("Process manager stopped.")).context).toEqual({ exit_code: 0 });
    await goneFromProcessTable(pm.mark);
  });

  test("of a worker that ignores its signal ends in SIGKILL at its own deadline, with its whole group", async () => {
    const stubborn = `trap '' TERM; (sleep 1000; :) & echo up; while :; do sleep 1000; done`;
    await using pm = new PmProcess(
      farmFile({
        patient: { command: stopsWhenTold, stop_timeout: "1h" },
        stubborn: { command: sh(stubborn), processes: 2, stop_timeout: "50ms" },
      }),
    );
    const open = makeGate(pm);
    await pm.stdout.count(ends("up"), 3);
    pm.signal("SIGTERM");
    const kills = await pm.records("Sent SIGKILL to worker after shutdown timeout.", 2);
    expect(kills.map(({ context }) => context)).toEqual(
      [2, 3].map((worker) => ({ worker, consumer: "stubborn", pid: expect.any(Number), timeout_seconds: 0.05 })),
    );
    const exits = await pm.records("Worker exited.", 2, { consumer: "stubborn" });
    expect(exits.map(({ context }) => context["exit_code"])).toEqual([137, 137]);
    expect(await pm.metric("worker_sigkills_total")).toBe(2);
    open(1);
    expect(await pm.process.exited).toBe(0);
    expect(pm.stderr.all.filter((line) => line.includes("Sent SIGKILL"))).toHaveLength(2);
    await goneFromProcessTable(pm.mark);
  });

  test("reaches a worker that has been halted with SIGSTOP", async () => {
    await using pm = new PmProcess(farmFile({ a: { ...steady, stop_timeout: "50ms" } }));
    await pm.stdout.find(ends("up"));
    const pid = Number((await pm.record("Worker started.")).context["pid"]);
    process.kill(pid, "SIGSTOP");
    await until(() => stateOf(pid) === "T");
    expect(await pm.stop()).toBe(0);
    await pm.record("Sent SIGKILL to worker after shutdown timeout.");
  });

  test("without a deadline waits until the worker is done", async () => {
    await using pm = new PmProcess(
      farmFile({ a: { command: stopsWhenTold }, b: { ...steady, processes: 5 } }, { shutdown_timeout: 0 }),
    );
    const open = makeGate(pm);
    await pm.stdout.count(ends("up"), 6);
    pm.signal("SIGTERM");
    await pm.stdout.find(ends("term"));
    await pm.records("Worker exited.", 5, { consumer: "b" });
    const ready = await pm.get("/readyz");
    expect([ready.status, await ready.json()]).toEqual([
      503,
      {
        status: "not_ready",
        reasons: [
          { consumer: "a", reason: "draining", detail: "stopping; 1 worker still running" },
          { consumer: "b", reason: "draining", detail: "stopping; 0 workers still running" },
        ],
      },
    ]);
    expect((await pm.get("/livez")).status).toBe(200);
    open(1);
    expect(await pm.process.exited).toBe(0);
    await pm.stdout.find(ends("bye"));
  });

  test("asked for twice kills at once, whatever the deadlines and whichever signals", async () => {
    await using pm = new PmProcess(farmFile({ a: { command: stopsWhenTold, processes: 3 } }, { shutdown_timeout: 0 }));
    makeGate(pm);
    await pm.stdout.count(ends("up"), 3);
    pm.signal("SIGINT");
    await pm.stdout.count(ends("term"), 3);
    pm.signal("SIGTERM");
    expect(await pm.process.exited).toBe(0);
    await pm.records("Sent SIGKILL to worker after second stop signal.", 3);
    expect(pm.stdout.all.filter(ends("bye"))).toEqual([]);
    await goneFromProcessTable(pm.mark);
  });

  test("uses the stop signal of the consumer, to the worker alone", async () => {
    const script = `trap 'echo usr2; exit 0' USR2; (trap 'echo group' USR2; sleep 1000 & wait; wait) & echo up; while :; do sleep 1000 & wait $!; done`;
    await using pm = new PmProcess(farmFile({ a: { command: sh(script), stop_signal: "USR2" } }));
    await pm.stdout.find(ends("up"));
    expect(await pm.stop()).toBe(0);
    await pm.record("Sent SIGUSR2 to worker.");
    await pm.stdout.find(ends("usr2"));
    expect(pm.stdout.all.filter(ends("group"))).toEqual([]);
  });

  test("begins no process any more, and drops what waits for its next start", async () => {
    await using pm = new PmProcess(
      farmFile({
        a: { command: stopsWhenTold },
        b: { command: sh("exit 1"), failure_limit: 1, backoff_base: "1ms", backoff_max: "2ms" },
      }),
    );
    const open = makeGate(pm);
    await pm.stdout.find(ends("up"));
    await pm.records("Worker started.", 5, { consumer: "b" });
    pm.signal("SIGTERM");
    await pm.stdout.find(ends("term"));
    const starts = await pm.metric('worker_starts_total{consumer="b"}');
    await pm.get("/livez");
    expect(await pm.metric('worker_starts_total{consumer="b"}')).toBe(starts);
    const atStop = pm.stderr.all.findIndex((line) => line.includes("shutting down"));
    open(1);
    expect(await pm.process.exited).toBe(0);
    expect(pm.stderr.all.slice(atStop).filter((line) => line.includes("Worker started"))).toEqual([]);
  });

  test("that comes while hundreds of workers are being started leaves none of them", async () => {
    await using pm = new PmProcess(farmFile({ a: { ...steady, processes: 300 } }));
    await pm.record("Worker started.");
    expect(await pm.stop()).toBe(0);
    await goneFromProcessTable(pm.mark);
  });

  test("before anything has been started ends pm", async () => {
    await using pm = new PmProcess(farmFile({ a: steady }));
    pm.signal("SIGTERM"); // the process may not even have installed its handler: then the signal itself ends it
    expect([0, 143]).toContain(await pm.process.exited);
    await goneFromProcessTable(pm.mark);
  });

  test("is not what SIGHUP asks for", async () => {
    await using pm = new PmProcess(farmFile({ a: steady }));
    await pm.stdout.find(ends("up"));
    pm.signal("SIGHUP");
    await pm.stderr.find((line) => line.includes("SIGHUP") || line.includes("reload"));
    expect((await pm.get("/readyz")).status).toBe(200);
    expect(await pm.metric('worker_starts_total{consumer="a"}')).toBe(1);
    expect(await pm.stop()).toBe(0);
  });

  test("takes along what a worker has left in its group", async () => {
    const script = `(trap '' TERM; sleep 1000; :) & echo "child $!"; exec sleep 1000`;
    await using pm = new PmProcess(farmFile({ a: { command: sh(script) } }));
    const line = await pm.stdout.find((each) => each.includes("child"));
    const child = Number(/\d+$/u.exec(line)?.[0]);
    expect(isAlive(child)).toBe(true);
    expect(await pm.stop()).toBe(0);
    await goneFromProcessTable(pm.mark);
  });
});

import { join } from "node:path";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { farmFile, fixture, quickBackoff, sh, steady } from "../support/farm-file.ts";
import { PmProcess } from "../support/pm-process.ts";

setDefaultTimeout(30_000);

const speaks = ["sh", join(import.meta.dir, "..", "fixtures", "answers-pings.sh")];
const received = `echo '{"type":"message","event":"received","transport":"q","class":"M"}' >&3`;
const sleep = "exec sleep 1000";

describe("a healthy worker past a limit is replaced at once, as no failure", () => {
  test.each([
    ["max_lifetime", { command: sh(sleep), max_lifetime: "200ms" }],
    ["max_idle", { command: sh(sleep), max_idle: "200ms" }],
    ["max_memory", { command: fixture("grows.ts"), max_memory: "200M" }],
  ])("%s", async (reason, consumer) => {
    await using pm = new PmProcess(farmFile({ a: { ...consumer, ...quickBackoff }, b: steady }));
    const stopping = await pm.record("Sent SIGTERM to worker.");
    expect(stopping).toMatchObject({ level_name: "INFO", context: { worker: 1, consumer: "a", reason } });
    expect((await pm.record("Worker restarting after expected exit.")).context).toEqual({
      worker: 1,
      consumer: "a",
      delay_seconds: 0,
      attempt: 0,
      reason,
    });
    await pm.records("Worker started.", 2, { consumer: "a" });
    expect((await pm.record("Worker exited.")).context).toMatchObject({ exit_code: 143, reason });
    expect(await pm.metric(`worker_restarts_total{consumer="a",reason="${reason}"}`)).toBeGreaterThan(0);
    expect(await pm.metric('worker_failures_total{consumer="a"}')).toBe(0);
    expect((await pm.get("/readyz")).status).toBe(200);
    expect(await pm.metric('worker_starts_total{consumer="b"}')).toBe(1);
  });

  test("but not one that is busy, of which max_idle is not true", async () => {
    await using pm = new PmProcess(
      farmFile({
        busy: { command: sh(`${received}; ${sleep}`), max_idle: "400ms" },
        idle: { command: sh(sleep), max_idle: "400ms" },
      }),
    );
    await pm.records("Worker exited.", 2, { consumer: "idle" });
    expect(await pm.metric('worker_starts_total{consumer="busy"}')).toBe(1);
  });
});

describe("a hung worker is replaced with a warning", () => {
  test.each([
    ["ping_timeout", "it speaks but leaves pings unanswered", `echo '{"type":"ready"}' >&3; ${sleep}`],
    ["max_message_time", "it does not come to an end with a message", `${received}; ${sleep}`],
    ["no_progress", "it no longer shows a sign of life", `echo up; ${sleep}`],
  ])("%s: %s", async (reason, _, script) => {
    await using pm = new PmProcess(
      farmFile({ a: { command: sh(script), liveness: { [reason]: "100ms" }, ...quickBackoff } }),
    );
    const stopping = await pm.record("Sent SIGTERM to worker.");
    expect(stopping).toMatchObject({ level_name: "WARNING", context: { worker: 1, consumer: "a", reason } });
    expect((await pm.record("Worker restarting after unexpected exit.")).context).toMatchObject({
      reason,
      delay_seconds: 0,
    });
    await pm.records("Worker started.", 2);
    expect(await pm.metric(`worker_restarts_total{consumer="a",reason="${reason}"}`)).toBeGreaterThan(0);
  });

  test("one that ignores its stop signal is killed at its deadline, with its group", async () => {
    const script = `trap '' TERM; sleep 1000 & echo up; while :; do sleep 1000; done`;
    await using pm = new PmProcess(
      farmFile({
        a: { command: sh(script), liveness: { no_progress: "100ms" }, stop_timeout: "50ms", ...quickBackoff },
      }),
    );
    expect((await pm.record("Sent SIGKILL to worker after stop timeout.")).context).toEqual({
      worker: 1,
      consumer: "a",
      pid: expect.any(Number),
      timeout_seconds: 0.05,
      reason: "no_progress",
    });
    expect((await pm.record("Worker exited.")).context).toMatchObject({
      exit_code: 137,
      signal: "SIGKILL",
      reason: "no_progress",
    });
    expect(await pm.metric("worker_sigkills_total")).toBeGreaterThan(0);
    await pm.records("Worker started.", 2);
  });

  test("one that answers, writes or reports is left alone while others are replaced", async () => {
    await using pm = new PmProcess(
      farmFile({
        answers: { command: speaks, liveness: { ping_timeout: "300ms" } },
        writes: { command: sh("while :; do echo tick; sleep 0.05; done"), liveness: { no_progress: "2s" } },
        silent: {
          command: sh(`echo '{"type":"ready"}' >&3; ${sleep}`),
          liveness: { ping_timeout: "300ms" },
          ...quickBackoff,
        },
      }),
    );
    await pm.records("Worker exited.", 3, { consumer: "silent" });
    expect(await pm.metric('worker_starts_total{consumer="answers"}')).toBe(1);
    expect(await pm.metric('worker_starts_total{consumer="writes"}')).toBe(1);
  });
});

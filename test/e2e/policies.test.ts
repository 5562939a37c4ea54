import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { farmFile, quickBackoff, sh, steady } from "../support/farm-file.ts";
import { PmProcess } from "../support/pm-process.ts";

setDefaultTimeout(30_000);

const crash = { command: sh("exit 7"), failure_limit: 1, ...quickBackoff };

/** The records about workers and consumers, as the message and what matters of its context. */
function story(pm: PmProcess): string[] {
  return pm.stderr.all.map((line) => {
    const { message, context } = JSON.parse(line);
    return [message, context.consumer, context.exit_code, context.answer, context.reason]
      .filter((part) => part !== undefined)
      .join(" ");
  });
}

describe("the failure limit", () => {
  test("retry goes on at the longest delay, and the consumer recovers once it holds", async () => {
    const script = 'test -e "$0" && { touch "$0.up"; exec sleep 1000; }; exit 7';
    await using pm = new PmProcess(
      farmFile({
        a: {
          command: ["sh", "-c", script, "flag"],
          failure_limit: 1,
          failure_window: "100ms",
          min_uptime: "50ms",
          backoff_base: "10ms",
          backoff_max: "30ms",
          backoff_jitter: 0,
        },
      }),
    );
    await pm.record("Consumer degraded.", { consumer: "a" });
    const restarts = await pm.records("Worker restarting after unexpected exit.", 5);
    expect(restarts.map(({ context }) => context["delay_seconds"])).toEqual([0.01, 0.03, 0.03, 0.03, 0.03]);
    expect((await pm.get("/readyz")).status).toBe(503);
    await Bun.write(`${pm.folder}/flag`, "");
    await pm.record("Consumer recovered.", { consumer: "a" });
    expect((await pm.get("/readyz")).status).toBe(200);
    expect(await pm.stop()).toBe(0);
  });

  test("park stops the whole consumer and leaves the others alone", async () => {
    const script = 'test "$PM_WORKER_SLOT" = 0 && exit 7; echo up; exec sleep 1000';
    await using pm = new PmProcess(
      farmFile({ a: { ...crash, command: sh(script), processes: 2, on_failure_limit: "park" }, b: steady }),
    );
    await pm.record("Worker exited.", { worker: 2, reason: "parked" });
    expect((await pm.record("Consumer parked.")).context).toEqual({
      consumer: "a",
      reason: "worker 1 reached the failure limit",
    });
    const ready = await pm.get("/readyz");
    expect([ready.status, await ready.json()]).toEqual([
      503,
      {
        status: "not_ready",
        reasons: [
          {
            consumer: "a",
            reason: "parked",
            detail: "0 of 2 workers ready; given up: worker 1 reached the failure limit",
          },
        ],
      },
    ]);
    expect(await pm.metric('worker_starts_total{consumer="b"}')).toBe(1);
    expect(await pm.metric('worker_exits_total{consumer="b",exit_code="0"}')).toBe(0);
    expect(await pm.stop()).toBe(0);
  });

  test("exit stops the farm with exit code 1", async () => {
    await using pm = new PmProcess(farmFile({ a: { ...crash, on_failure_limit: "exit" }, b: steady }));
    expect(await pm.process.exited).toBe(1);
    await pm.record("Worker exited.", { consumer: "b", reason: "shutdown" });
    expect((await pm.record("Process manager shutting down.")).context).toEqual({ reason: "failure_limit" });
    expect((await pm.record("Process manager stopped.")).context).toEqual({ exit_code: 1 });
    expect(story(pm)).toContain("Worker failure limit reached. a exit");
  });
});

describe("an essential consumer", () => {
  test.each([
    ["gives up", { ...crash, on_failure_limit: "park" }, 1],
    ["may not be started again", { ...crash, exit_codes: { never_restart: [7] } }, 1],
    ["ends with a failure and is not to be restarted", { ...crash, restart: "never" }, 1],
    ["ends well and is not to be restarted", { command: sh("exit 0"), restart: "on-failure" }, 0],
  ])("that %s ends the farm with its own success or failure", async (_, consumer, exitCode) => {
    await using pm = new PmProcess(farmFile({ b: steady, a: { ...consumer, essential: true } }));
    expect(await pm.process.exited).toBe(exitCode);
    expect((await pm.record("Process manager shutting down.")).context).toEqual({ reason: "essential" });
    await pm.record("Worker exited.", { consumer: "b", reason: "shutdown" });
  });

  test("that crashes below its limit is started again like any other", async () => {
    const script = 'test -e "$0" || { touch "$0"; exit 7; }; echo back; exec sleep 1000';
    await using pm = new PmProcess(
      farmFile({ a: { ...crash, command: ["sh", "-c", script, "flag"], essential: true } }),
    );
    await pm.stdout.find((line) => line === "[worker 1 a] back");
    expect(await pm.stop()).toBe(0);
  });
});

describe("a restart policy", () => {
  test.each([
    ["never, after a success", "never", 0],
    ["never, after a failure", "never", 7],
    ["on-failure, after a success", "on-failure", 0],
  ])("%s, leaves the worker finished", async (_, restart, exitCode) => {
    await using pm = new PmProcess(farmFile({ a: { command: sh(`exit ${exitCode}`), restart }, b: steady }));
    expect((await pm.record("Worker finished.")).context).toEqual({ worker: 1, consumer: "a", exit_code: exitCode });
    await pm.stdout.find((line) => line === "[worker 2 b] up");
    expect(await pm.metric('worker_starts_total{consumer="a"}')).toBe(1);
    expect((await pm.get("/readyz")).status).toBe(200);
    expect(await pm.stop()).toBe(0);
  });

  test("on-failure restarts after a failure", async () => {
    await using pm = new PmProcess(farmFile({ a: { ...crash, restart: "on-failure" } }));
    await pm.records("Worker started.", 2);
  });

  test.each([
    ["well", 0, 0],
    ["with a failure", 7, 1],
  ])("a farm of which all workers have ended %s ends with that", async (_, code, exitCode) => {
    await using pm = new PmProcess(
      farmFile({
        a: { command: sh(`exit ${code}`), restart: "never", processes: 3 },
        b: { command: ["true"], restart: "on-failure" },
      }),
    );
    expect(await pm.process.exited).toBe(exitCode);
    expect((await pm.record("Process manager shutting down.")).context).toEqual({ reason: "completed" });
  });
});

describe("exit codes", () => {
  test("listed as success count like 0", async () => {
    await using pm = new PmProcess(farmFile({ a: { ...crash, min_uptime: 0, exit_codes: { success: [7] } } }));
    const [restart] = await pm.records("Worker restarting after expected exit.", 5);
    expect(restart?.context).toMatchObject({ reason: "exit_success", delay_seconds: 0 });
    expect(await pm.metric('worker_failures_total{consumer="a"}')).toBe(0);
  });

  test("listed as never_restart park that worker without a retry, and it alone", async () => {
    const script = 'test "$PM_WORKER_SLOT" = 0 && exit 7; echo up; exec sleep 1000';
    await using pm = new PmProcess(
      farmFile({ a: { ...crash, command: sh(script), processes: 2, exit_codes: { never_restart: [7] } } }),
    );
    expect((await pm.record("Worker parked.")).context).toEqual({ worker: 1, consumer: "a", exit_code: 7 });
    await pm.stdout.find((line) => line === "[worker 2 a] up");
    expect(await pm.metric('worker_starts_total{consumer="a"}')).toBe(2);
    expect((await pm.get("/readyz")).status).toBe(503);
    expect(await pm.stop()).toBe(0);
  });
});

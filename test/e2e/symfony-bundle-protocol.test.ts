import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import {
  applicationFolder,
  idsOf,
  type Jobs,
  MessengerApplication,
  messengerMissing,
} from "../support/messenger-application.ts";
import { MetricsPage } from "../support/metrics-page.ts";
import { PmProcess } from "../support/pm-process.ts";
import { readWorkerLines, tally } from "../support/worker-lines.ts";

setDefaultTimeout(60_000);

const reason = messengerMissing();
if (reason !== null) console.warn(`skipping the protocol of the Symfony bundle: ${reason}`);

/** `slow` takes longer than the ping timeout: while a job runs, no ping can be answered. */
const jobs: readonly Jobs[] = [
  { transport: "async", prefix: "ok", count: 200, behaviour: "ok", sleepMs: 5 },
  { transport: "async", prefix: "slow", count: 2, behaviour: "ok", sleepMs: 1_500 },
  { transport: "async", prefix: "chatty", count: 5, behaviour: "chatty" },
  { transport: "async", prefix: "fail", count: 10, behaviour: "fail" },
];
const handledJobs = jobs.filter(({ behaviour }) => behaviour !== "fail").flatMap(idsOf);

describe.skipIf(reason !== null)("workers with the Symfony bundle's own in-worker side", () => {
  let application: MessengerApplication;
  let pm: PmProcess;

  beforeAll(async () => {
    application = await MessengerApplication.start();
    const yaml = `
      http_server: {port: 0}
      consumers:
        async:
          transports: async
          processes: 2
          cwd: ${applicationFolder}
          backoff_base: 20ms
          liveness: {ping_timeout: 1s}
          consume_args: {sleep: 0.01}`;
    const subscriber = join(import.meta.dir, "../fixtures/bundle-subscriber.php");
    pm = new PmProcess(yaml, { env: { ...application.env, WORKER_SUBSCRIBER: subscriber } });
  });

  afterAll(async () => {
    await pm[Symbol.asyncDispose]();
    await application[Symbol.asyncDispose]();
  });

  test("report a message that their death has lost", async () => {
    await application.dispatch({ transport: "async", prefix: "crash", count: 1, behaviour: "crash" });
    const lost = { worker: expect.any(Number), consumer: "async", transport: "async", count: 1 };
    expect((await pm.record("Messages in flight lost.")).context).toEqual(lost);
    await application.empty("async");
    expect(await pm.metric('messenger_messages_lost_total{consumer="async",transport="async"}')).toBe(1);
    expect(await pm.metric('messenger_messages_in_flight{transport="async"}')).toBe(0);
  });

  test("are seen at work", async () => {
    await application.dispatch(...jobs);
    await pm.until('worker_busy_workers{consumer="async"}', (busy) => busy === 2);
    await pm.until('messenger_messages_in_flight{transport="async"}', (count) => count === 2);
  });

  test("have their messages counted as they were sent", async () => {
    await pm.stdout.count((line) => line.includes(" was handled successfully "), handledJobs.length);
    await pm.stdout.count((line) => line.includes("Removing from transport after "), 10);
    const metrics = await idle(pm);
    const series = {
      'messages_processed_total{consumer="async",transport="async"}': handledJobs.length,
      'messenger_messages_processed_total{transport="async",message_class="Job"}': handledJobs.length,
      'messenger_messages_failed_total{transport="async",message_class="Job"}': 30,
      'messenger_messages_retried_total{transport="async",message_class="Job"}': 20,
      // Of a failure that is retried the bundle does not know how long it took.
      'messenger_message_duration_seconds_count{transport="async",message_class="Job"}': handledJobs.length + 10,
      'messenger_messages_in_flight{transport="async"}': 0,
    };
    expect(Object.fromEntries(Object.keys(series).map((each) => [each, metrics.value(each)]))).toEqual(series);
    expect(metrics.sum("messenger_message_duration_seconds_sum")).toBeGreaterThan(200 * 0.005 + 2 * 1.5);
    expect(application.ledger().toSorted()).toEqual(handledJobs.toSorted());
  });

  test("answer pings between messages, and are left alone while a long message keeps them from it", async () => {
    for (const worker of [1, 2]) {
      const series = `worker_last_pong_timestamp{worker="${worker}"}`;
      const first = await pm.until(series, (at) => at > 0);
      await pm.until(series, (at) => at > first);
    }
    expect(await pm.metric('worker_restarts_total{consumer="async",reason="ping_timeout"}')).toBe(0);
    expect(await pm.metric('worker_starts_total{consumer="async"}')).toBe(3); // one more for the crash
  });

  test("write their log as if the frames were not there", async () => {
    const metrics = await idle(pm);
    expect(await pm.stop()).toBe(0);
    await Promise.all([pm.stdout.ended, pm.stderr.ended]);
    expect([...pm.stdout.all, ...pm.stderr.all].filter((line) => line.includes("@spm:"))).toEqual([]);
    const { deliveries, others, plainLines } = readWorkerLines(pm.stdout.all);
    expect(tally(deliveries.map(({ end }) => end))).toEqual({
      handled: handledJobs.length,
      sent_for_retry: 20,
      given_up: 10,
      null: 1,
    });
    expect(plainLines).toBe(5_000);
    expect(others).toEqual({ "Stopping worker.": 2 });
    expect(metrics.sum("pm_log_lines_total", 'stream="stdout"')).toBe(pm.stdout.all.length - 2);
    expect(metrics.sum("pm_ipc_errors_total")).toBe(0);
  });
});

/** The metrics once no message is in hand. */
async function idle(pm: PmProcess): Promise<MetricsPage> {
  await pm.until('worker_busy_workers{consumer="async"}', (busy) => busy === 0);
  return new MetricsPage(await (await pm.get("/metrics")).text());
}

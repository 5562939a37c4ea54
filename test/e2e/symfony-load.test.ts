import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  applicationFolder,
  idsOf,
  type Jobs,
  MessengerApplication,
  messengerMissing,
} from "../support/messenger-application.ts";
import { MetricsPage } from "../support/metrics-page.ts";
import { goneFromProcessTable, type LogRecord, PmProcess, processesWith } from "../support/pm-process.ts";
import { type Delivery, readWorkerLines, tally, type Told } from "../support/worker-lines.ts";

const reason = messengerMissing();
if (reason !== null) console.warn(`skipping the Symfony Messenger farm under load: ${reason}`);

const messagesPerProcess = 100;
const consumers = ["async", "orders"] as const;

/** What each of the two consumers gets. */
const jobsOf = (transport: string): readonly Jobs[] => [
  { transport, prefix: `${transport}-ok`, count: 1500, behaviour: "ok" },
  { transport, prefix: `${transport}-fail`, count: 25, behaviour: "fail" },
  { transport, prefix: `${transport}-chatty`, count: 15, behaviour: "chatty" },
  { transport, prefix: `${transport}-crash`, count: 3, behaviour: "crash" },
];
const jobs = consumers.flatMap(jobsOf);
const behaving = (...behaviours: readonly string[]): string[] =>
  jobs.filter(({ behaviour }) => behaviours.includes(behaviour)).flatMap(idsOf);
/** Of the deliveries of one consumer. */
const handled = 1500 + 15;
const failed = 25 * 3;
const retried = 25 * 2;

const yaml = (name: string): string => `
  ${name}:
    transports: ${name}
    processes: 3
    cwd: ${applicationFolder}
    failure_limit: 1000
    backoff_base: 20ms
    backoff_max: 50ms
    consume_args: {limit: ${messagesPerProcess}, sleep: 0.01}`;

describe.skipIf(reason !== null)(
  "two consumers of three workers, with failures, crashes, chatter and recycling",
  () => {
    let application: MessengerApplication;
    let pm: PmProcess;
    let metrics: MetricsPage;
    let told: Told;
    let unfinished: readonly number[];
    let exitCode: number;

    const deliveriesOf = (...behaviours: readonly string[]): Delivery[] => {
      const ids = new Set(behaving(...behaviours));
      return told.deliveries.filter(({ job }) => ids.has(job));
    };
    const records = (message: string): LogRecord[] =>
      pm.stderr.all
        .filter((line) => line.startsWith(`{"message":${JSON.stringify(message)}`))
        .map((line) => JSON.parse(line));

    beforeAll(async () => {
      application = await MessengerApplication.start();
      pm = new PmProcess(`http_server: {port: 0}\nconsumers:${consumers.map(yaml).join("")}\n`, {
        env: application.env,
      });
      await pm.address();
      await application.dispatch(...jobs);
      await pm.stdout.count((line) => line.includes(" was handled successfully "), consumers.length * handled);
      await pm.stdout.count((line) => line.includes("Removing from transport after "), behaving("fail").length);
      for (const name of consumers) {
        // Each has killed a worker, and one of them a second: another worker claims it 5 s later.
        await pm.stdout.count((line) => line.includes(`"job":"${name}-crash-`), 4);
        await application.empty(name);
      }
      metrics = await atRest(pm);
      unfinished = await Promise.all(consumers.map((name) => application.unfinished(name)));
      exitCode = await pm.stop();
      await Promise.all([pm.stdout.ended, pm.stderr.ended]);
      told = readWorkerLines(pm.stdout.all);
    }, 60_000);

    afterAll(async () => {
      await pm[Symbol.asyncDispose]();
      await application[Symbol.asyncDispose]();
    });

    test("handles every message that does not kill its worker once, and leaves none behind", () => {
      expect(application.ledger().toSorted()).toEqual(behaving("ok", "chatty").toSorted());
      expect(unfinished).toEqual([0, 0]);
    });

    test("delivers each message as often as Messenger asks, in the consumer of its transport", () => {
      const deliveries = tally(deliveriesOf("ok", "chatty", "fail").map(({ consumer, job }) => `${consumer} ${job}`));
      const wanted = (times: number, ...behaviours: string[]) =>
        behaving(...behaviours).map((job) => [`${job.replace(/-.*/u, "")} ${job}`, times]);
      expect(deliveries).toEqual(Object.fromEntries([...wanted(1, "ok", "chatty"), ...wanted(3, "fail")]));
      expect(tally(deliveriesOf("fail").map(({ end }) => end))).toEqual({ sent_for_retry: 2 * retried, given_up: 50 });
    });

    test("writes every line of every worker whole and in order, tagged with its worker", () => {
      // What stands where is checked while they are read; here: that none is missing.
      expect(tally(deliveriesOf("ok").map(({ end, plainLines }) => `${end} ${plainLines}`))).toEqual({
        "handled 0": 3000,
      });
      expect(tally(deliveriesOf("chatty").map(({ end, plainLines }) => `${end} ${plainLines}`))).toEqual({
        "handled 1000": 30,
      });
      expect(told.plainLines).toBe(30_000);

      const started = new Map(records("Worker started.").map(({ context }) => [context["pid"], context]));
      const strangers = told.deliveries.filter(({ pid, worker, consumer }) => {
        const process = started.get(pid);
        return process?.["worker"] !== worker || process["consumer"] !== consumer;
      });
      expect(strangers).toEqual([]);
    });

    test.each(consumers)("prefixes every line on stderr of the workers of %s", (name) => {
    const prefix = new RegExp(`^\\[worker ${name === "async" ? "[123]" : "[456]"} ${name}\\] `, "u");
    const texts = pm.stderr.all.filter((line) => prefix.test(line)).map((line) => line.replace(prefix, ""));
    // Each process greets with the same few lines.
    const greeting = tally(texts.slice(0, texts.indexOf(texts[0] ?? "", 1) < 0 ? 0 : texts.length));
    const starts = metrics.sum("worker_starts_total", `consumer="${name}"`);
    expect(Object.entries(greeting).filter(([, count]) => count % starts !== 0)).toEqual([]);
    expect(Object.keys(greeting).filter((text) => text.trim() !== "").length).toBe(5);
  });

  test.each(consumers)("counts what consumer %s did as its workers and its queue tell it", (name) => {
      const crashes = deliveriesOf("crash").filter(({ consumer }) => consumer === name).length;
      const recycled = records("Worker exited.").filter(
        ({ context }) => context["consumer"] === name && context["exit_code"] === 0 && context["reason"] === undefined,
      ).length;
      expect(crashes).toBeGreaterThanOrEqual(4);
      expect(recycled).toBeGreaterThanOrEqual(10);
      const series = {
        [`messages_processed_total{consumer="${name}",transport="${name}"}`]: handled,
        [`messenger_messages_processed_total{transport="${name}",message_class="Job"}`]: handled,
        [`messenger_messages_failed_total{transport="${name}",message_class="Job"}`]: failed,
        [`messenger_messages_retried_total{transport="${name}",message_class="Job"}`]: retried,
        [`messenger_message_duration_seconds_count{transport="${name}",message_class="Job"}`]: handled + failed,
        [`messenger_messages_lost_total{consumer="${name}",transport="${name}"}`]: crashes,
        [`messenger_messages_in_flight{transport="${name}"}`]: 0,
        [`worker_busy_workers{consumer="${name}"}`]: 0,
        [`worker_starts_total{consumer="${name}"}`]: 3 + crashes + recycled,
        [`worker_exits_total{consumer="${name}",exit_code="137"}`]: crashes,
        [`worker_exits_total{consumer="${name}",exit_code="0"}`]: recycled,
        [`worker_failures_total{consumer="${name}"}`]: crashes,
        [`worker_backoffs_total{consumer="${name}"}`]: crashes,
        [`worker_restarts_total{consumer="${name}",reason="signal"}`]: crashes,
        [`worker_restarts_total{consumer="${name}",reason="exit_success"}`]: recycled,
        [`worker_restarts_total{consumer="${name}",reason="exited_too_soon"}`]: 0,
      };
      expect(Object.fromEntries(Object.keys(series).map((each) => [each, metrics.value(each)]))).toEqual(series);
    });

    test("recycles each process after just as many messages as --limit says", () => {
      const ended = records("Worker exited.").filter(
        ({ context }) => context["exit_code"] === 0 && context["reason"] === undefined,
      );
      const perProcess = tally(told.deliveries.map(({ pid }) => pid));
      expect(tally(ended.map(({ context }) => perProcess[String(context["pid"])] ?? 0))).toEqual({
        [messagesPerProcess]: ended.length,
      });
    });

    test("counts every line, and loses, cuts and misunderstands none", () => {
      expect(metrics.sum("pm_log_lines_total", 'stdout"')).toBe(told.plainLines + told.deliveries.length + 0);
      for (const name of [
        "pm_log_dropped_lines_total",
        "pm_log_truncated_lines_total",
        "pm_ipc_errors_total",
        "worker_sigkills_total",
      ]) {
        expect([name, metrics.sum(name)]).toEqual([name, 0]);
      }
    });

    test("stops when told to, kills nobody and leaves nothing in the process table", async () => {
      expect(exitCode).toBe(0);
      expect(pm.stderr.all.filter((line) => line.includes("SIGKILL to worker"))).toEqual([]);
      expect(processesWith(application.mark)).toEqual([]);
      await goneFromProcessTable(application.mark);
    });
  },
);

const consumerName = /"(?:async|orders)"/gu;

/** The metrics once nothing moves any more: no message in hand, all six workers up and waiting. */
async function atRest(pm: PmProcess): Promise<MetricsPage> {
  for (;;) {
    const page = new MetricsPage(await (await pm.get("/metrics")).text());
    if (page.sum("worker_state", 'state="ready"') !== 6 || page.sum("worker_busy_workers") > 0) continue;
    await pm.stderr.count((line) => line.includes("Quit the worker with CONTROL-C."), page.sum("worker_starts_total"));
    return page;
  }
}

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
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

setDefaultTimeout(60_000);

const reason = messengerMissing();
if (reason !== null) console.warn(`skipping the Symfony Messenger farm under load: ${reason}`);

const messagesPerProcess = 100;
const workersEach = 3;

/** What each transport gets. */
const jobsOf = (transport: string): readonly Jobs[] => [
  { transport, prefix: `${transport}-ok`, count: 1500, behaviour: "ok" },
  { transport, prefix: `${transport}-chatty`, count: 15, behaviour: "chatty" },
  { transport, prefix: `${transport}-fail`, count: 25, behaviour: "fail" },
  { transport, prefix: `${transport}-crash`, count: 3, behaviour: "crash" },
];
const handledEach = 1500 + 15;
const failedEach = 25 * 3; // Messenger tries three times
const retriedEach = 25 * 2;

const yaml = ([name, transports]: readonly [string, readonly string[]]): string => `
  ${name}:
    transports: [${transports.join()}]
    processes: ${workersEach}
    cwd: ${applicationFolder}
    ready: protocol
    failure_limit: 1000
    backoff_base: 20ms
    backoff_max: 50ms
    consume_args: {limit: ${messagesPerProcess}, sleep: 0.01}`;

describe.skipIf(reason !== null).each([
  ["two consumers of three workers", { async: ["async"], orders: ["orders"] }],
  ["one consumer with two transports", { ingest: ["orders", "payments"] }],
])("%s, with failures, crashes, chatter and recycling", (_, farm: Readonly<Record<string, readonly string[]>>) => {
  const consumers = Object.keys(farm);
  const transports = Object.values(farm).flat();
  const jobs = transports.flatMap(jobsOf);
  const behaving = (...behaviours: readonly string[]): string[] =>
    jobs.filter(({ behaviour }) => behaviours.includes(behaviour)).flatMap(idsOf);

  let application: MessengerApplication;
  let pm: PmProcess;
  let metrics: MetricsPage;
  let told: Told;
  let exitCode: number;
  let leftRunning: readonly number[];

  const deliveriesOf = (...behaviours: readonly string[]): Delivery[] => {
    const ids = new Set(behaving(...behaviours));
    return told.deliveries.filter(({ job }) => ids.has(job));
  };
  /** Processes that ended by themselves, with success. */
  const recycled = (consumer?: string): LogRecord[] =>
    pm
      .recorded("Worker exited.")
      .filter(
        ({ context }) =>
          context["exit_code"] === 0 &&
          context["reason"] === undefined &&
          (consumer === undefined || context["consumer"] === consumer),
      );
  const expectSeries = (wanted: Readonly<Record<string, number>>): void =>
    expect(Object.fromEntries(Object.keys(wanted).map((series) => [series, metrics.value(series)]))).toEqual(wanted);

  beforeAll(async () => {
    application = await MessengerApplication.start();
    pm = new PmProcess(`http_server: {port: 0}\nconsumers:${Object.entries(farm).map(yaml).join("")}\n`, {
      env: application.env,
    });
    await pm.address();
    await application.dispatch(...jobs);
    await pm.stdout.count((line) => line.includes(" was handled successfully "), behaving("ok", "chatty").length);
    await pm.stdout.count((line) => line.includes("Removing from transport after "), behaving("fail").length);
    for (const transport of transports) {
      // Each has killed a worker, and one of them a second: another worker claims it 5 s later.
      await pm.stdout.count((line) => line.includes(`"job":"${transport}-crash-`), 3 + 1);
      await application.empty(transport);
    }
    metrics = await atRest(pm, consumers.length * workersEach);
    exitCode = await pm.stop();
    leftRunning = processesWith(pm.mark);
    await Promise.all([pm.stdout.ended, pm.stderr.ended]);
    told = readWorkerLines(pm.stdout.all);
  });

  afterAll(async () => {
    await pm[Symbol.asyncDispose]();
    await application[Symbol.asyncDispose]();
  });

  test("handles every message that does not kill its worker, once, and leaves none behind", async () => {
    expect(application.ledger().toSorted()).toEqual(behaving("ok", "chatty").toSorted());
    expect(await Promise.all(transports.map((transport) => application.unfinished(transport)))).toEqual([0, 0]);
  });

  test("delivers each message as often as Messenger asks, to the consumer of its transport", () => {
    const wanted = Object.entries(farm).flatMap(([consumer, its]) =>
      its
        .flatMap(jobsOf)
        .filter(({ behaviour }) => behaviour !== "crash")
        .flatMap((kind) => idsOf(kind).map((job) => [`${consumer} ${job}`, kind.behaviour === "fail" ? 3 : 1])),
    );
    const deliveries = deliveriesOf("ok", "chatty", "fail").map(({ consumer, job }) => `${consumer} ${job}`);
    expect(tally(deliveries)).toEqual(Object.fromEntries(wanted));
  });

  test("writes every line of every worker's stdout whole, in order and tagged with its worker", () => {
    // That each line is whole and stands in its place was checked when they were read; here: that none is missing.
    const endings = (behaviour: string) =>
      tally(deliveriesOf(behaviour).map(({ end, plainLines }) => `${end} after ${plainLines} plain lines`));
    expect([endings("ok"), endings("chatty"), endings("fail"), endings("crash")]).toEqual([
      { "handled after 0 plain lines": behaving("ok").length },
      { "handled after 1000 plain lines": behaving("chatty").length },
      {
        "sent_for_retry after 0 plain lines": transports.length * retriedEach,
        "given_up after 0 plain lines": behaving("fail").length,
      },
      { "null after 0 plain lines": deliveriesOf("crash").length },
    ]);
    const started = new Map(pm.recorded("Worker started.").map(({ context }) => [context["pid"], context]));
    const misnamed = ({ pid, worker, consumer }: Delivery) =>
      started.get(pid)?.["worker"] !== worker || started.get(pid)?.["consumer"] !== consumer;
    expect(told.deliveries.filter(misnamed)).toEqual([]);
  });

  test("writes every line of every worker's stderr, prefixed", () => {
    const greetings = pm.stderr.all.filter((line) => !line.startsWith("{"));
    expect(greetings.filter((line) => !/^\[worker \d \w+\] /u.test(line))).toEqual([]);
    for (const consumer of consumers) {
      const texts = greetings.flatMap((line) => line.split(` ${consumer}] `)[1] ?? []);
      const starts = metrics.value(`worker_starts_total{consumer="${consumer}"}`) ?? 0;
      // Each process greets with the same ten lines, of which five are empty.
      expect(texts.length).toBe(10 * starts);
      expect(Object.values(tally(texts.filter((text) => text !== "")))).toEqual(Array(5).fill(starts));
    }
  });

  test("counts the messages of each transport as they were sent", () => {
    for (const [consumer, its] of Object.entries(farm)) {
      for (const transport of its) {
        const lost = deliveriesOf("crash").filter(({ job }) => job.startsWith(transport)).length;
        expect(lost).toBeGreaterThanOrEqual(3 + 1);
        expectSeries({
          [`messages_processed_total{consumer="${consumer}",transport="${transport}"}`]: handledEach,
          [`messenger_messages_processed_total{transport="${transport}",message_class="Job"}`]: handledEach,
          [`messenger_messages_failed_total{transport="${transport}",message_class="Job"}`]: failedEach,
          [`messenger_messages_retried_total{transport="${transport}",message_class="Job"}`]: retriedEach,
          [`messenger_message_duration_seconds_count{transport="${transport}",message_class="Job"}`]:
            handledEach + failedEach,
          [`messenger_messages_lost_total{consumer="${consumer}",transport="${transport}"}`]: lost,
          [`messenger_messages_in_flight{transport="${transport}"}`]: 0,
        });
      }
    }
  });

  test("counts the starts and ends of each consumer's workers, and why they were restarted", () => {
    for (const consumer of consumers) {
      const crashes = deliveriesOf("crash").filter((delivery) => delivery.consumer === consumer).length;
      const limited = recycled(consumer).length;
      expect(limited).toBeGreaterThanOrEqual(10);
      expectSeries({
        [`worker_starts_total{consumer="${consumer}"}`]: workersEach + crashes + limited,
        [`worker_exits_total{consumer="${consumer}",exit_code="0"}`]: limited,
        [`worker_exits_total{consumer="${consumer}",exit_code="137"}`]: crashes,
        [`worker_failures_total{consumer="${consumer}"}`]: crashes,
        [`worker_backoffs_total{consumer="${consumer}"}`]: crashes,
        [`worker_restarts_total{consumer="${consumer}",reason="signal"}`]: crashes,
        [`worker_restarts_total{consumer="${consumer}",reason="exit_success"}`]: limited,
        [`worker_restarts_total{consumer="${consumer}",reason="exited_too_soon"}`]: 0,
      });
    }
  });

  test("recycles each process after just as many messages as --limit says", () => {
    const messages = tally(told.deliveries.map(({ pid }) => pid));
    const ended = recycled().map(({ context }) => messages[String(context["pid"])] ?? 0);
    expect(tally(ended)).toEqual({ [messagesPerProcess]: recycled().length });
  });

  test("counts every line, and drops, cuts and misunderstands none", () => {
    expect(told.others).toEqual({
      "Stopping worker.": expect.any(Number), // one that is told to stop by frame and by signal says so twice
      "Worker stopped due to maximum count of {count} messages processed": recycled().length,
    });
    const counted = metrics.sum("pm_log_lines_total", 'stream="stdout"');
    const ofDeliveries = 2 * told.deliveries.length - deliveriesOf("crash").length;
    expect(counted).toBe(told.plainLines + ofDeliveries + 2 * recycled().length);
    expect(pm.stdout.all.slice(counted).filter((line) => !line.includes('"Stopping worker."'))).toEqual([]);
    for (const name of ["pm_log_dropped_lines_total", "pm_log_truncated_lines_total", "pm_ipc_errors_total"]) {
      expect(`${name} ${metrics.sum(name)}`).toBe(`${name} 0`);
    }
  });

  test("stops when told to, kills no worker and leaves nothing in the process table", async () => {
    expect(exitCode).toBe(0);
    expect(pm.stderr.all.filter((line) => line.includes("Sent SIGKILL"))).toEqual([]);
    const workers = new Set(pm.recorded("Worker started.").map(({ context }) => context["pid"]));
    expect(leftRunning.filter((pid) => workers.has(pid))).toEqual([]);
    await goneFromProcessTable(pm.mark);
  });
});

/** The metrics once nothing moves any more: all workers are up, none has a message in hand. */
async function atRest(pm: PmProcess, workers: number): Promise<MetricsPage> {
  // Frames and lines take different ways: what came before the last line is heard by the second look at the latest.
  for (let looks = 0; ;) {
    const page = new MetricsPage(await (await pm.get("/metrics")).text());
    const still = page.sum("worker_state", 'state="ready"') === workers && page.sum("worker_busy_workers") === 0;
    looks = still ? looks + 1 : 0;
    if (looks === 2) return page;
  }
}

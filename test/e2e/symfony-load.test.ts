import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { idsOf, type Jobs, MessengerApplication, applicationFolder, messengerMissing } from "../support/messenger-application.ts";
import { goneFromProcessTable, PmProcess } from "../support/pm-process.ts";
import { type Delivery, readWorkerLines, tally, type Told } from "../support/worker-lines.ts";

const reason = messengerMissing();
if (reason !== null) console.warn(`skipping the Symfony Messenger farm under load: ${reason}`);

const messagesPerProcess = 100;
const plainLinesPerJob = 1000;

/** What each of the two consumers gets. */
const jobsOf = (transport: string): readonly Jobs[] => [
  { transport, prefix: `${transport}-ok`, count: 1500, behaviour: "ok" },
  { transport, prefix: `${transport}-fail`, count: 25, behaviour: "fail" },
  { transport, prefix: `${transport}-chatty`, count: 15, behaviour: "chatty" },
  { transport, prefix: `${transport}-crash`, count: 2, behaviour: "crash" },
];
const transports = ["async", "orders"] as const;
const jobs = transports.flatMap(jobsOf);
const behaving = (...behaviours: readonly string[]): string[] =>
  jobs.filter(({ behaviour }) => behaviours.includes(behaviour)).flatMap(idsOf);
const handledJobs = behaving("ok", "chatty");
const handledPerConsumer = handledJobs.length / transports.length;
const failuresPerConsumer = (behaving("fail").length / transports.length) * 3; // retried twice

const consumer = (transport: string): string => `
  ${transport}:
    transports: ${transport}
    processes: 3
    cwd: ${applicationFolder}
    failure_limit: 1000
    backoff_base: 20ms
    backoff_max: 50ms
    consume_args: {limit: ${messagesPerProcess}, sleep: 0.01}`;

describe.skipIf(reason !== null)("two consumers of three workers with failures, crashes, chatter and recycling", () => {
  let application: MessengerApplication;
  let pm: PmProcess;
  let exitCode: number;
  let metrics: (series: string) => number;
  let sumOf: (name: string, ...labels: string[]) => number;
  let told: Told;
  let linesAtScrape: { readonly stdout: number; readonly workerStderr: number };
  let left: number;

  const deliveriesOf = (behaviour: string): Delivery[] => {
    const ids = new Set(behaving(behaviour));
    return told.deliveries.filter(({ job }) => ids.has(job));
  };

  beforeAll(async () => {
    application = await MessengerApplication.start();
    pm = new PmProcess(`http_server: {port: 0}\nconsumers:${transports.map(consumer).join("")}\n`, { env: application.env });
    await pm.address();
    await application.dispatch(...jobs);
    await pm.stdout.count(isHandled, handledJobs.length);
    await pm.stdout.count(isGivenUp, behaving("fail").length);
    // Each crash job kills its worker, is claimed by another one 5 s later, and kills that.
    for (const job of behaving("crash")) await pm.stdout.count((line) => line.includes(`"job":"${job}"`), 2);
    for (const transport of transports) await application.empty(transport);

    const series = await quiet(pm);
    metrics = (name) => series.get(name) ?? Number.NaN;
    sumOf = (name, ...labels) =>
      [...series].filter(([each]) => each.startsWith(`${name}{`) && labels.every((label) => each.includes(label))).reduce((sum, [, value]) => sum + value, 0);
    linesAtScrape = { stdout: pm.stdout.all.length, workerStderr: pm.stderr.all.filter(isWorkers).length };
    exitCode = await pm.stop();
    await Promise.all([pm.stdout.ended, pm.stderr.ended]);
    told = readWorkerLines(pm.stdout.all);
    left = (await application.unfinished("async")) + (await application.unfinished("orders"));
  }, 60_000);

  afterAll(async () => {
    await pm[Symbol.asyncDispose]();
    await application[Symbol.asyncDispose]();
  });

  test("handles every message, and none but the crashing ones twice", () => {
    expect(application.ledger().toSorted()).toEqual(handledJobs.toSorted());
    expect(left).toBe(0);
    console.log(tally(told.deliveries.map(({ end }) => end)), told.others, told.jsonLines, told.plainLines);
  });
});

const isHandled = (line: string): boolean => line.startsWith('{"message":"{class} was handled successfully');
const isGivenUp = (line: string): boolean => line.includes("Removing from transport after");
const isWorkers = (line: string): boolean => line.startsWith("[worker ");

async function quiet(pm: PmProcess): Promise<Map<string, number>> {
  const page = await (await pm.get("/metrics")).text();
  return new Map(page.split("\n").filter((line) => line !== "" && !line.startsWith("#")).map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]));
}

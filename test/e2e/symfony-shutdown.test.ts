import { constants } from "node:os";
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  applicationFolder,
  idsOf,
  type Jobs,
  MessengerApplication,
  messengerMissing,
} from "../support/messenger-application.ts";
import { MetricsPage } from "../support/metrics-page.ts";
import { goneFromProcessTable, PmProcess, processesWith } from "../support/pm-process.ts";
import { readWorkerLines, tally } from "../support/worker-lines.ts";

setDefaultTimeout(60_000);

const reason = messengerMissing();
if (reason !== null) console.warn(`skipping the shutdown of a Symfony Messenger farm: ${reason}`);

/** The chatty ones write when they have slept, so those in flight do it while the farm stops. */
const jobs: readonly Jobs[] = [
  { transport: "async", prefix: "quiet", count: 40, behaviour: "ok", sleepMs: 300 },
  { transport: "orders", prefix: "chatty", count: 40, behaviour: "chatty", sleepMs: 300 },
];
const messagesPerProcess = 4;
const transports = jobs.map(({ transport }) => transport);

const consumer = (name: string): string => `
  ${name}:
    transports: ${name}
    processes: 3
    cwd: ${applicationFolder}
    consume_args: {limit: ${messagesPerProcess}, sleep: 0.01}`;
const yaml = `http_server: {port: 0}\nconsumers:${transports.map(consumer).join("")}\n`;
const isHandled = (line: string): boolean => line.includes(" was handled successfully ");

describe.skipIf(reason !== null)("a farm of Symfony Messenger that is told to stop in mid-load", () => {
  let application: MessengerApplication;

  beforeEach(async () => {
    application = await MessengerApplication.start();
  });
  afterEach(() => application[Symbol.asyncDispose]());

  test("finishes the messages in flight, leaves the others in their queue and nothing in the process table", async () => {
    const all = jobs.flatMap(idsOf);
    await application.dispatch(...jobs);
    {
      await using pm = new PmProcess(yaml, { env: application.env });
      await pm.stdout.count(isHandled, 20); // some have been recycled by now
      await allAtWork(pm);
      const handledBefore = pm.stdout.all.filter(isHandled).length;
      expect(await pm.stop()).toBe(0);
      const leftRunning = processesWith(pm.mark);
      await Promise.all([pm.stdout.ended, pm.stderr.ended]);

      const told = readWorkerLines(pm.stdout.all);
      const { deliveries } = told;
      expect(deliveries.filter(({ end }) => end !== "handled")).toEqual([]);
      const chatty = deliveries.filter(({ job }) => job.startsWith("chatty"));
      expect(chatty.filter(({ plainLines }) => plainLines !== 1000)).toEqual([]);
      expect(told.plainLines).toBe(1000 * chatty.length);
      expect(deliveries.length).toBeGreaterThan(handledBefore);
      expect(application.ledger().toSorted()).toEqual(deliveries.map(({ job }) => job).toSorted());

      expect(await inAll((transport) => application.taken(transport))).toBe(0);
      const left = await inAll((transport) => application.unfinished(transport));
      expect(left).toBeGreaterThan(0);
      expect(deliveries.length + left).toBe(all.length);

      // Whoever had a message in hand ended by itself: with success, and unharmed. SIGTERM may meet one that is on its way out, with all
      // its messages done and PHP's handlers gone.
      const messages = tally(deliveries.map(({ pid }) => pid));
      const exitCodes = new Map(
        pm.recorded("Worker exited.").map(({ context }) => [String(context["pid"]), Number(context["exit_code"])]),
      );
      for (const [pid, count] of Object.entries(messages)) {
        const allowed: (number | null)[] = count === messagesPerProcess ? [0, 128 + constants.signals.SIGTERM] : [0];
        expect(allowed, `exit code of ${pid}, which had ${count} messages`).toContain(exitCodes.get(pid) ?? null);
      }
      expect(pm.stderr.all.filter((line) => line.includes("Sent SIGKILL"))).toEqual([]);

      const workers = new Set(pm.recorded("Worker started.").map(({ context }) => context["pid"]));
      expect(leftRunning.filter((pid) => workers.has(pid))).toEqual([]);
      await goneFromProcessTable(pm.mark);
    }
    // Another pm goes on where the first has ended: every job is handled, and none twice.
    await using pm = new PmProcess(yaml, { env: application.env });
    await pm.stdout.count(isHandled, all.length - application.ledger().length);
    expect(await pm.stop()).toBe(0);
    expect(application.ledger().toSorted()).toEqual(all.toSorted());
  });
});

async function inAll(count: (transport: string) => Promise<number>): Promise<number> {
  return (await Promise.all(transports.map(count))).reduce((sum, each) => sum + each);
}

/** Resolves when each of the six workers has a message in hand. */
async function allAtWork(pm: PmProcess): Promise<void> {
  for (;;) {
    const page = new MetricsPage(await (await pm.get("/metrics")).text());
    if (page.sum("messenger_messages_in_flight") === 6) return;
  }
}

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { applicationFolder, idsOf, MessengerApplication, messengerMissing } from "../support/messenger-application.ts";
import { goneFromProcessTable, type LogRecord, PmProcess } from "../support/pm-process.ts";
import { readWorkerLines, tally, type Told } from "../support/worker-lines.ts";

setDefaultTimeout(60_000);

const reason = messengerMissing();
if (reason !== null) console.warn(`skipping a burst on an autoscaled Symfony Messenger farm: ${reason}`);

const maxWaitSeconds = 10;
const burst = { transport: "async", prefix: "burst", count: 2000, behaviour: "ok", sleepMs: 10 } as const;

const yaml = (dsn: string): string => `
autoscaler_interval_sec: 0.25
host_brake: false
http_server: {port: 0}
consumers:
  async:
    transports: [async]
    cwd: ${applicationFolder}
    ready: protocol
    consume_args: {sleep: 0.01}
    autoscaler:
      min: 1
      max: 8
      smoothing_window_sec: 1
      scale_up_cooldown_sec: 0.25
      scale_down_cooldown_sec: 0.5
      scale_up_step: 8
      scale_down_step: 4
      strategy: {type: queue, max_wait: ${maxWaitSeconds}s, timeout: 200ms, queues: {redis: "${dsn}", stream: pm_async, group: pm}}
`;

describe.skipIf(reason !== null)("a burst of 2000 messages on a pool of 1 to 8", () => {
  let application: MessengerApplication;
  let pm: PmProcess;
  let told: Told;
  let exitCode: number;
  let sentFromMs: number;
  let sentUntilMs: number;
  let adjusted: readonly LogRecord[];
  let failures: number | null;

  beforeAll(async () => {
    application = await MessengerApplication.start();
    pm = new PmProcess(yaml(application.env["MESSENGER_DSN"] ?? ""), { env: application.env });
    await pm.until('worker_state{consumer="async",state="ready"}', (ready) => ready === 1);
    sentFromMs = Date.now();
    await application.dispatch(burst);
    sentUntilMs = Date.now();
    await pm.stdout.count((line) => line.includes(" was handled successfully "), burst.count);
    await pm.record("Autoscaler adjusted target.", { target: 1 });
    await pm.until('worker_state{consumer="async",state="draining"}', (draining) => draining === 0);
    expect(await pm.metric('worker_state{consumer="async",state="ready"}')).toBe(1);
    adjusted = pm.recorded("Autoscaler adjusted target.");
    failures = await pm.metric('autoscaler_source_failures_total{consumer="async"}');
    exitCode = await pm.stop();
    await Promise.all([pm.stdout.ended, pm.stderr.ended]);
    told = readWorkerLines(pm.stdout.all);
  });

  afterAll(async () => {
    await pm[Symbol.asyncDispose]();
    await application[Symbol.asyncDispose]();
  });

  test("goes up within seconds and in a few decisions, and comes down to the minimum", () => {
    const targets = adjusted.map(({ context }) => Number(context["target"]));
    const top = Math.max(...targets);
    const ups = targets.slice(0, targets.indexOf(top) + 1);
    expect(top).toBeGreaterThanOrEqual(4);
    expect(ups.length).toBeLessThanOrEqual(5);
    expect(ups).toEqual(ups.toSorted((a, b) => a - b));
    expect(targets.at(-1)).toBe(1);
    expect(targets.length).toBeLessThanOrEqual(20);
    const topLine = pm.stderr.all.find((line) => line.includes(`"target":${top},`)) ?? "";
    expect(instantOf(topLine) - sentFromMs).toBeLessThan(5000);
  });

  test("keeps the objective: no message waits longer", () => {
    // One program sends them all, in order and evenly: so the time each was sent is known well enough.
    const eachMs = (sentUntilMs - sentFromMs) / burst.count;
    const waits = pm.stdout.all
      .filter((line) => line.includes('"handling"'))
      .map((line) => instantOf(line) - (sentFromMs + eachMs * numberOf(line)));
    expect(waits.length).toBe(burst.count);
    expect(Math.max(...waits) / 1000).toBeLessThan(maxWaitSeconds);
  });

  test("interrupts no message: each is begun once, ended once and by the worker that began it", async () => {
    expect(application.ledger().toSorted()).toEqual(idsOf(burst).toSorted());
    expect(tally(told.deliveries.map(({ end }) => end))).toEqual({ handled: burst.count });
    expect(told.deliveries.map(({ job }) => job).toSorted()).toEqual(idsOf(burst).toSorted());
    expect(await application.unfinished("async")).toBe(0);
  });

  test("stops each worker it takes away in order, kills none and leaves nothing behind", async () => {
    const removed = pm.recorded("Worker exited.", { reason: "scale_down" });
    const started = pm.recorded("Worker started.").length;
    expect(removed.length).toBe(started - 1);
    // PHP dies of the signal while it has no handler: still loading, or in its own shutdown. That no message was in hand then is proved above.
    const codes = removed.map(({ context }) => context["exit_code"]);
    expect(codes.filter((code) => code !== 0 && code !== 143)).toEqual([]);
    expect(pm.stderr.all.filter((line) => line.includes("SIGKILL"))).toEqual([]);
    expect([exitCode, failures]).toEqual([0, 0]);
    await goneFromProcessTable(pm.mark);
  });
});

function instantOf(line: string): number {
  const { datetime }: { datetime: string } = JSON.parse(line);
  return Date.parse(datetime);
}

function numberOf(line: string): number {
  return Number(/"job":"burst-(\d+)"/u.exec(line)?.[1]);
}

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, readlinkSync, realpathSync } from "node:fs";
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

const reason = messengerMissing() ?? portTaken(9100);
if (reason !== null) console.warn(`skipping the configuration file of the Symfony bundle: ${reason}`);

/** The file asks for this very port. */
function portTaken(port: number): string | null {
  try {
    Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } }).stop(true);
    return null;
  } catch {
    return `port ${port} is in use`;
  }
}

const consumerOf = { async: "async", orders: "ingest", payments: "ingest", priority: "priority", failed: "failed" };
const transports = Object.keys(consumerOf);
const jobsOf = (transport: string): Jobs => ({ transport, prefix: transport, count: 100, behaviour: "ok" });

/** Seeds 1.17. */
const bundleMetrics = [
  "process_manager_running",
  "worker_starts_total",
  "worker_exits_total",
  "worker_failures_total",
  "worker_backoffs_total",
  "worker_sigkills_total",
  "worker_last_pong_timestamp",
  "worker_busy",
  "messages_processed_total",
  "messenger_messages_processed_total",
  "messenger_messages_failed_total",
  "messenger_messages_retried_total",
  "messenger_message_duration_seconds",
  "messenger_messages_in_flight",
  "autoscaler_target_workers",
  "autoscaler_current_workers",
  "autoscaler_unmet_demand",
  "autoscaler_scale_up_total",
  "autoscaler_scale_down_total",
  "autoscaler_decisions_skipped_total",
  "worker_busy_workers",
];

describe.skipIf(reason !== null)("the configuration file of the Symfony bundle", () => {
  test.each([
    ["another folder", "/", join(applicationFolder, "config/packages/symfony_process_manager.yaml")],
    ["its own folder", join(applicationFolder, "config/packages"), "symfony_process_manager.yaml"],
  ])("runs as it is, from %s", async (_, cwd, file) => {
    await using application = await MessengerApplication.start();
    await using pm = new PmProcess("", { env: application.env, cwd, args: ["serve", file] });
    const started = await pm.records("Worker started.", 6);
    expect(tally(started.map(({ context }) => String(context["consumer"])))).toEqual({
      async: 2,
      ingest: 2,
      priority: 1,
      failed: 1,
    });
    expect(await pm.address()).toBe("http://127.0.0.1:9100");
    expect(await (await pm.get("/")).json()).toEqual({ status: "ok" });

    await application.dispatch(...transports.map(jobsOf));
    await pm.stdout.count((line) => line.includes(" was handled successfully "), 500);
    expect(new Set(started.map(({ context }) => `${String(context["consumer"])}: ${running(context["pid"])}`))).toEqual(
      new Set([
        "async: php bin/console messenger:consume async --memory-limit=128M --time-limit=300 --limit=500 --sleep=1 --no-reset",
        "ingest: php bin/console messenger:consume orders payments",
        "priority: php bin/console messenger:consume priority",
        "failed: php bin/console messenger:consume failed",
      ]),
    );
    for (const [transport, consumer] of Object.entries(consumerOf)) {
      const series = `messages_processed_total{consumer="${consumer}",transport="${transport}"}`;
      expect(await pm.until(series, (count) => count >= 100)).toBe(100);
    }
    const metrics = new MetricsPage(await (await pm.get("/metrics")).text());
    expect(bundleMetrics.filter((name) => !metrics.names().includes(name))).toEqual([]);
    const bounds = metrics.text.matchAll(
      /duration_seconds_bucket\{le="([^"]+)",transport="async",message_class="Job"/gu,
    );
    expect([...bounds].map(([, bound]) => bound)).toEqual(["0.01", "0.1", "0.5", "1", "5", "+Inf"]);

    expect(await pm.stop()).toBe(0);
    await pm.stdout.ended;
    expect(application.ledger().toSorted()).toEqual(transports.map(jobsOf).flatMap(idsOf).toSorted());
    const { deliveries } = readWorkerLines(pm.stdout.all);
    expect(tally(deliveries.map(({ consumer }) => consumer))).toEqual({
      async: 100,
      ingest: 200,
      priority: 100,
      failed: 100,
    });
  });
});

/** The command line of a process, which must run in the folder of the application. */
function running(pid: unknown): string {
  expect(readlinkSync(`/proc/${String(pid)}/cwd`)).toBe(realpathSync(applicationFolder));
  return readFileSync(`/proc/${String(pid)}/cmdline`, "utf8")
    .split("\0")
    .slice(0, -1)
    .join(" ");
}

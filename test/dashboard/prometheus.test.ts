import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { alertRules } from "../../src/dashboard/alert-rules.ts";
import { rows } from "../../src/dashboard/panels.ts";
import { missing } from "../support/needs.ts";
import { pmBinary, PmProcess } from "../support/pm-process.ts";
import { Prometheus } from "./prometheus.ts";

const absent = missing("prometheus");
if (absent !== null) console.warn(`dashboard and alerts are not tried on a real Prometheus: ${absent}`);

const scaled = `
total_cap: 4
autoscaler_interval_sec: 200ms
host_brake: false
http_server: { port: 0 }
consumers:
  queued:
    command: [sleep, infinity]
    autoscaler: { min: 1, max: 9, strategy: { type: queue, per_worker: 1, queues: { command: [echo, "5"] } } }
  warm: { command: [cat], tasks: { protocol: jsonl } }
`;

const queries = rows.flatMap(({ panels }) =>
  panels.flatMap(({ title, queries: all }) => all.map(({ expr }) => [title, expr] as const)),
);

/** Only workers without a pause are in it, after five minutes of them. */
const mayBeEmpty = "Busy all the time";

describe.skipIf(absent !== null)("on a real Prometheus that scrapes two running farms", () => {
  let running: AsyncDisposableStack;
  let prometheus: Prometheus;

  beforeAll(async () => {
    running = new AsyncDisposableStack();
    const demo = running.use(new PmProcess("", { args: ["demo", "failures"] }));
    const autoscaling = running.use(new PmProcess(scaled));
    const targets = await Promise.all([demo, autoscaling].map(async (pm) => new URL(await pm.address()).host));
    prometheus = running.use(new Prometheus(targets, alertRules));
  }, 60_000);
  afterAll(() => running.disposeAsync(), 60_000);

  test.each(queries)(
    "%s: %s",
    async (title, expr) => {
      const asked = expr
        .replaceAll("$__rate_interval", "5s")
        .replaceAll(/"\$(?:instance|consumer)"/gu, '".+"')
        .replaceAll(/"\$\w+"/gu, '".*"');
      if (title === mayBeEmpty) await prometheus.query(asked);
      else while ((await prometheus.query(asked)).length === 0); // no data yet: the time limit of the test ends it
    },
    60_000,
  );

  test("a consumer that is chosen is the only one that is shown", async () => {
    const shown = queries.find(([title]) => title === "Starts")?.[1] ?? "";
    const asked = shown.replace("$__rate_interval", "5s").replace("$instance", ".+").replace("$consumer", "queued");
    let found: readonly unknown[] = [];
    while (found.length === 0) found = await prometheus.query(asked);
    expect(found).toMatchObject([{ metric: { consumer: "queued" } }]);
  }, 60_000);

  test("it evaluates every rule without an error", async () => {
    const wanted = [...alertRules.matchAll(/- alert:/gu)].length;
    for (;;) {
      const found = [...JSON.stringify(await prometheus.ask("rules")).matchAll(/"health":"(\w+)"/gu)];
      const health = found.map(([, each]) => each);
      expect(health).toHaveLength(wanted);
      expect(health.filter((each) => each !== "ok" && each !== "unknown")).toEqual([]);
      if (!health.includes("unknown")) return; // all have been evaluated
    }
  }, 60_000);

  test("an alert that fires tells of whom", async () => {
    const summary = "Messages of reports were in flight when their worker died";
    let alerts = "";
    while (!alerts.includes(summary)) alerts = JSON.stringify(await prometheus.ask("alerts"));
    expect(alerts).toContain("Workers of reports ended in the middle of messages.");
  }, 60_000);
});

test.each(["dashboard", "alerts"])("the compiled pm prints its %s", async (command) => {
  const { runDashboard } = await import("../../src/cli/commands/dashboard.ts");
  const printed = Bun.spawnSync([pmBinary, command]).stdout.toString();
  expect(printed).toBe(command === "alerts" ? alertRules : (await runDashboard()).stdout);
});

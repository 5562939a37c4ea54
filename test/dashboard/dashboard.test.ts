import { describe, expect, test } from "bun:test";
import { runDashboard } from "../../src/cli/commands/dashboard.ts";
import { rows } from "../../src/dashboard/panels.ts";
import { selectorsIn } from "./promql.ts";
import { servedMetrics } from "./served-metrics.ts";

interface Shown {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
}

const { stdout, exitCode } = await runDashboard();
const dashboard: {
  readonly panels: readonly Shown[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
} = JSON.parse(stdout);

const served = await servedMetrics();
const panels = rows.flatMap((row) => row.panels);
const queries = panels.flatMap(({ title, queries: all }) => all.map(({ expr }) => [title, expr] as const));

describe("pm dashboard", () => {
  test("prints one JSON document with every panel of the table", () => {
    expect(exitCode).toBe(0);
    const shown = dashboard.panels.filter(({ type }) => type !== "row");
    expect(shown.map(({ title }) => title)).toEqual(panels.map(({ title }) => title));
    expect(shown.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))).toEqual(
      queries.map(([, expr]) => expr),
    );
  });

  test("no two panels share a title, an id or a place", () => {
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(dashboard.panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
  });

  test("every variable a query names is one to choose from", () => {
    const known = dashboard.templating.list.map(({ name }) => name);
    const named = [...stdout.matchAll(/\$\{?(\w+)/gu)].map(([, name]) => name ?? "");
    expect([...new Set(named)].filter((name) => !known.includes(name) && !name.startsWith("__"))).toEqual([]);
    expect(known).toEqual(["datasource", "instance", "consumer", "transport", "message_class"]);
  });

  test.each(queries)("%s asks for metrics and labels a farm serves: %s", (_, expr) => {
    expect(unknownIn(expr)).toEqual([]);
    expect(selectorsIn(expr).length).toBeGreaterThan(0);
  });

  test.each(queries)("%s heeds what is selected at the top: %s", (_, expr) => {
    for (const { metric, labels } of selectorsIn(expr)) {
      expect(labels).toContain("instance");
      const known = served.get(metric);
      if (known?.has("consumer")) expect(labels).toContain("consumer");
      else if (known?.has("message_class")) expect(expr).toContain("and on (job, instance, transport)");
    }
  });

  test("the values to choose from come from metrics a farm serves", () => {
    const asked = dashboard.templating.list.flatMap(({ definition }) => definition ?? []);
    expect(asked.map((query) => query.replace(/^label_values\((.*), \w+\)$/u, "$1")).flatMap(unknownIn)).toEqual([]);
  });

  test("shows every metric a farm serves", () => {
    const shown = new Set(queries.flatMap(([, expr]) => selectorsIn(expr).map(({ metric }) => family(metric))));
    expect([...served.keys()].filter((metric) => !shown.has(family(metric)))).toEqual([]);
  });
});

/** A histogram is one metric with several names. */
function family(metric: string): string {
  return metric.replace(/_(?:bucket|sum|count)$/u, "");
}

/** What a query names and no farm serves. */
function unknownIn(expr: string): string[] {
  return selectorsIn(expr).flatMap(({ metric, labels }) => {
    const known = served.get(metric);
    if (known === undefined) return [metric];
    const added = new Set([...known, "instance", "job"]);
    return labels.filter((label) => !added.has(label)).map((label) => `${metric}{${label}}`);
  });
}

test.each([
  ["a", ["a"]],
  ['sum by (x, y) (rate(a_total{x=~"b(c)",y!="d"}[5m])) * 60 > 0', ["a_total"]],
  ["a and on (x) b unless c offset 15m or absent(d)", ["a", "b", "c", "d"]],
  ["(time() - a) * on (x) group_left (z) (b >= bool 0) > 600", ["a", "b"]],
])("the names in a query are found: %s", (query, metrics) => {
  expect(selectorsIn(query).map(({ metric }) => metric)).toEqual(metrics);
});

// Of the Symfony bundle, whose dashboard has to work unchanged.
test.each([
  ["process_manager_running", []],
  ["worker_starts_total", ["consumer"]],
  ["worker_exits_total", ["consumer", "exit_code"]],
  ["worker_failures_total", ["consumer"]],
  ["worker_backoffs_total", ["consumer"]],
  ["worker_sigkills_total", []],
  ["worker_last_pong_timestamp", ["worker"]],
  ["worker_busy", ["worker", "consumer", "transport"]],
  ["messages_processed_total", ["consumer", "transport"]],
  ["messenger_messages_processed_total", ["transport", "message_class"]],
  ["messenger_messages_failed_total", ["transport", "message_class"]],
  ["messenger_messages_retried_total", ["transport", "message_class"]],
  ["messenger_message_duration_seconds", []],
  ["messenger_message_duration_seconds_bucket", ["transport", "message_class", "le"]],
  ["messenger_message_duration_seconds_sum", ["transport", "message_class"]],
  ["messenger_message_duration_seconds_count", ["transport", "message_class"]],
  ["messenger_messages_in_flight", ["transport"]],
  ["autoscaler_target_workers", ["consumer"]],
  ["autoscaler_current_workers", ["consumer"]],
  ["autoscaler_unmet_demand", ["consumer"]],
  ["autoscaler_scale_up_total", ["consumer"]],
  ["autoscaler_scale_down_total", ["consumer"]],
  ["autoscaler_decisions_skipped_total", ["consumer", "reason"]],
  ["worker_busy_workers", ["consumer"]],
])("%s has the labels it has in the Symfony bundle: %j", (metric, labels) => {
  expect([...(served.get(metric) ?? ["missing"])].toSorted()).toEqual([...labels].toSorted());
});

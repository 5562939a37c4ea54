import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { runAlerts } from "../../src/cli/commands/alerts.ts";
import { missing } from "../support/needs.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { selectorsIn } from "./promql.ts";
import { servedMetrics } from "./served-metrics.ts";

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

const { stdout } = await runAlerts();
const { groups }: { readonly groups: readonly { readonly rules: readonly Rule[] }[] } = parse(stdout);
const rules = groups.flatMap((group) => group.rules);
const folder = join(import.meta.dir, "alerts");
// `up` is of Prometheus itself.
const served = new Map([...(await servedMetrics()), ["up", new Set<string>()]]);

describe("pm alerts", () => {
  test.each(rules)("$alert says how bad it is, what it is and what to do", ({ labels, annotations }) => {
    expect(["critical", "warning", "info"]).toContain(labels.severity);
    expect(annotations.summary).toMatch(/^\S.{10,90}$/u);
    expect(annotations.description).toMatch(/^[^\n]{80,500}\.$/u);
  });

  test.each(rules)("$alert asks for metrics and labels a farm serves", ({ expr }) => {
    const unknown = selectorsIn(expr).flatMap(({ metric, labels }) => {
      const known = served.get(metric);
      return known === undefined ? [metric] : labels.filter((label) => !known.has(label));
    });
    expect(unknown).toEqual([]);
    expect(selectorsIn(expr).length).toBeGreaterThan(0);
  });

  test("every alert has its cases, some in which it fires and some in which it does not", () => {
    expect(readdirSync(folder).toSorted()).toEqual(rules.map(({ alert }) => `${alert}.yaml`).toSorted());
    for (const { alert } of rules) {
      const cases = readFileSync(join(folder, `${alert}.yaml`), "utf8");
      expect(cases).toContain(`ALERTS{alertname="${alert}",alertstate="firing"}`);
      expect(cases).toContain("exp_samples: []");
      expect(cases).toContain("value: 1 }");
    }
  });
});

const absent = missing("promtool");
if (absent !== null) console.warn(`the alert rules are not tried: ${absent}`);

describe.skipIf(absent !== null)("to promtool", () => {
  test("the printed rules are valid", async () => {
    using printed = temporaryFolder();
    const file = join(printed.path, "pm-alerts.yaml");
    await Bun.write(file, stdout);
    expect(promtool("check", "rules", "--lint=all", "--lint-fatal", file)).toEqual({ exitCode: 0, problems: "" });
  });

  test.each(rules)("$alert fires when it should, and only then", ({ alert }) => {
    expect(promtool("test", "rules", join(folder, `${alert}.yaml`))).toEqual({ exitCode: 0, problems: "" });
  });
});

function promtool(...args: string[]): { exitCode: number; problems: string } {
  const { exitCode, stdout: said, stderr } = Bun.spawnSync(["promtool", ...args]);
  return { exitCode, problems: exitCode === 0 ? "" : `${said.toString()}${stderr.toString()}` };
}

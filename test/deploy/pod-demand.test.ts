import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { adapterRule, podScaling, scaledObject } from "../../src/deploy/k8s-scaling.ts";
import { missing } from "../support/needs.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { farmOf } from "./farm-of.ts";

const absent = missing("promtool");
if (absent !== null) console.log(`the number of pods is not tried on Prometheus: ${absent}`);

const scaling = podScaling(
  farmOf(`
total_cap: 12
consumers:
  fixed: { command: [x], processes: 2 }
  own: { command: [x], autoscaler: { min: 1, max: 50, strategy: { type: utilization } } }
  a.queue: { command: [x], autoscaler: { min: 1, max: 50, strategy: { type: queue, per_worker: 5, queues: { command: [y] } } } }
`),
);
if (typeof scaling === "string") throw new Error(scaling);
const names = { name: "mail", namespace: "prod" };

/** Target and unmet demand of a consumer in a pod. */
type Demand = readonly [labels: string, target: number, unmet: number];

const pod = (name: string, consumer: string, namespace = "prod"): string =>
  `{namespace="${namespace}",pod="${name}",consumer="${consumer}"}`;

const demands: readonly Demand[] = [
  [pod("mail-5d-x1", "own"), 3, 0],
  [pod("mail-5d-x2", "own"), 4, 2],
  [pod("mail-5d-x1", "a.queue"), 5, 10],
  [pod("mail-5d-x2", "a.queue"), 4, 9],
  [pod("mail-5d-x1", "fixed"), 2, 0],
  // Others, which do not count.
  [pod("mail-5d-x1", "own", "staging"), 100, 0],
  [pod("mail-bulk-5d-x1", "own"), 100, 0],
  [pod("mail-5d-x1", "axqueue"), 100, 0],
];

/** What Prometheus makes of a query, as promtool compares it with what it should. */
function evaluates(query: string, value: number): { exitCode: number; output: string } {
  using folder = temporaryFolder();
  const file = join(folder.path, "test.yaml");
  const series = demands.flatMap(([labels, target, unmet]) => [
    { series: `autoscaler_target_workers${labels}`, values: String(target) },
    { series: `autoscaler_unmet_demand${labels}`, values: String(unmet) },
  ]);
  const samples = [{ labels: "{}", value }];
  const promql_expr_test = [{ expr: query, eval_time: "0m", exp_samples: samples }];
  writeFileSync(file, stringify({ tests: [{ input_series: series, promql_expr_test }] }));
  const { exitCode, stdout, stderr } = Bun.spawnSync(["promtool", "test", "rules", file], { stderr: "pipe" });
  return { exitCode, output: stdout.toString() + stderr.toString() };
}

const wanted = 3 + 4 + 2 + 15;

test.skipIf(absent !== null)("a query of KEDA counts own demand of all pods, and a queue once", () => {
  const manifest = JSON.stringify(scaledObject(names, scaling));
  const query: string = JSON.parse(/"query":("(?:[^"\\]|\\.)*")/u.exec(manifest)?.[1] ?? '""');
  expect(evaluates(query, wanted)).toMatchObject({ exitCode: 0 });
  expect(evaluates(query, wanted + 1).exitCode).not.toBe(0);
});

test.skipIf(absent !== null)("so does the rule of the adapter, once it has put in its matchers", () => {
  const rules: { externalRules: { metricsQuery: string }[] } = parse(adapterRule(names, scaling).join("\n"));
  const query = rules.externalRules[0]?.metricsQuery.replaceAll("<<.LabelMatchers>>", 'namespace="prod"') ?? "";
  expect(evaluates(query, wanted)).toMatchObject({ exitCode: 0 });
});

import { basename, dirname, resolve } from "node:path";
import { shareOf } from "../core/cluster/share.ts";
import type { ConsumerSpec, FarmSpec } from "../core/farm/spec.ts";
import type { ReadText } from "./accounts.ts";
import { clusterOf } from "./cluster.ts";
import { readDocument, type Filling } from "./document.ts";
import type { EffectiveConfig } from "./effective.ts";
import type { EntrySurroundings } from "./entries.ts";
import { checkFarm } from "./farm-conflicts.ts";
import { farmKind, type FarmValues } from "./farm-keys.ts";
import { toFarmSpec } from "./farm-spec.ts";
import type { FilledConsumer, Surroundings } from "./fill-consumer.ts";
import type { Findings } from "./findings.ts";
import { interpolate, type Environment } from "./interpolate.ts";
import { sortIssues, type ConfigIssue } from "./issue.ts";
import { isSecretName } from "./mask.ts";
import { checkTransports } from "./messenger-transports.ts";
import { readConsumer } from "./read-consumer.ts";
import { sourceOf } from "./source-keys.ts";
import { checkStopGrace } from "./stop-grace.ts";
import { fillParameters } from "./symfony-parameters.ts";

/** What the meaning of a pm.yaml depends on. */
export interface ConfigSource {
  readonly text: string;
  /** Path of the file as the user wrote it; issues show it so. */
  readonly file: string;
  /** What `${…}` is filled in from. */
  readonly env: Environment;
  /** Absolute working directory of pm. */
  readonly cwd: string;
  /** Reads another file (env files, /etc/passwd, messenger.yaml), or null when there is none. */
  readonly read: ReadText;
}

/** A farm with the warnings about it, or every problem of the file, by place (warnings among them). */
export type ConfigResult =
  | {
      readonly ok: true;
      readonly spec: FarmSpec;
      readonly warnings: readonly ConfigIssue[];
      readonly effective: EffectiveConfig;
      /** What the entries of the program of `source` mean depends on this. */
      readonly entrySurroundings: EntrySurroundings;
    }
  | { readonly ok: false; readonly issues: readonly ConfigIssue[] };

/** What a pm.yaml means, in either of its shapes. Pure: whatever it needs is in `source`. */
export function parseConfig(source: ConfigSource): ConfigResult {
  const { file, env, cwd, read } = source;
  const path = resolve(cwd, file);
  const directory = dirname(path);
  const projectDirectory = projectOf(directory);
  const filling: Filling = {
    fill(text, shape) {
      const filled = interpolate(text, env);
      if (shape === "plain") return filled;
      const parameters = fillParameters(filled.pieces, { projectDirectory, env });
      return { pieces: parameters.pieces, problems: [...filled.problems, ...parameters.problems] };
    },
    isSecretName,
  };
  const { shape, value, findings, secrets } = readDocument(source.text, file, filling);
  const values = value === undefined ? undefined : farmKind.read(value, [], findings);
  if (values === undefined) return { ok: false, issues: sortIssues(findings.issues, file) };

  const workingDirectory = shape === "bundle" ? projectDirectory : cwd;
  const surroundings: Surroundings = { shape, directory, workingDirectory, read };
  const { filled, consumers } = readConsumers(values, surroundings, findings);
  const cluster = clusterOf(values.cluster, { directory, read, filling }, findings);
  checkFarm(values, shareOf(consumers, cluster), findings);
  checkStopGrace(filled, values.shutdown_timeout, env, findings);
  const issues = sortIssues(findings.issues, file);
  if (issues.some(({ severity }) => severity === "error")) return { ok: false, issues };
  const tree = farmKind.write({ ...values, consumers: filled });
  return {
    ok: true,
    spec: toFarmSpec(values, { consumers, source: sourceOf(values.source, workingDirectory), cluster }, path),
    warnings: issues,
    effective: { tree, secrets },
    entrySurroundings: { ...surroundings, file, farm: values },
  };
}

function readConsumers(values: FarmValues, surroundings: Surroundings, findings: Findings) {
  const filled = new Map<string, FilledConsumer>();
  const consumers: ConsumerSpec[] = [];
  for (const [name, each] of values.consumers) {
    const path = ["consumers", name];
    const { filled: consumer, spec } = readConsumer(name, each, values, surroundings, path, findings);
    if (consumer.preset !== null && consumer.transports !== null) {
      checkTransports(consumer.transports, consumer.cwd, surroundings.read, [...path, "transports"], findings);
    }
    filled.set(name, consumer);
    consumers.push(spec);
  }
  return { filled, consumers };
}

/** The folder that holds the nearest `config` folder above (or at) `directory`; `directory` itself when there is none. */
function projectOf(directory: string): string {
  for (let at = directory; dirname(at) !== at; at = dirname(at)) {
    if (basename(at) === "config") return dirname(at);
  }
  return directory;
}

import { minimumSize } from "../../config/farm-size.ts";
import type { Environment } from "../../config/interpolate.ts";
import { formatIssue, type ConfigIssue } from "../../config/issue.ts";
import { loadConfig } from "../../config/load.ts";
import { configFile, noConfigFile } from "../config-file.ts";
import { exitCodes, outcome, type Outcome } from "../outcome.ts";

export interface CheckArgs {
  /** pm.yaml or pm.yml in `cwd` when absent. */
  readonly file: string | null;
  readonly json: boolean;
  readonly cwd?: string;
  readonly env?: Environment;
}

/** `pm check`: every problem at once on stderr and 78, or one line on stdout and 0. */
export function runCheck({ file, json, cwd = process.cwd(), env = process.env }: CheckArgs): Promise<Outcome> {
  return Promise.resolve(check(file, json, cwd, env));
}

function check(named: string | null, json: boolean, cwd: string, env: Environment): Outcome {
  const file = configFile(named, cwd);
  if (file === null) {
    const report = { ok: false, file: null, issues: [], consumers: null, workers: null };
    return outcome(exitCodes.configInvalid, json ? [JSON.stringify(report)] : [], [noConfigFile]);
  }
  const result = loadConfig(file, { cwd, env });
  const issues = result.ok ? result.warnings : result.issues;
  const size = result.ok
    ? { consumers: result.spec.consumers.length, workers: minimumSize(result.spec) }
    : { consumers: null, workers: null };
  const exitCode = result.ok ? exitCodes.done : exitCodes.configInvalid;
  if (json)
    return outcome(exitCode, [JSON.stringify({ ok: result.ok, file, issues: issues.map(withoutFile(file)), ...size })]);
  const lines = issues.map(formatIssue);
  if (!result.ok) return outcome(exitCode, [], [...lines, countOf(file, issues)]);
  return outcome(
    exitCode,
    [`${file}: ok (${plural(size.consumers ?? 0, "consumer")}, ${plural(size.workers ?? 0, "worker")})`],
    lines,
  );
}

/** An issue as JSON; its file only where it is another one, such as an env file. */
const withoutFile =
  (checked: string) =>
  ({ severity, file, line, column, path, message }: ConfigIssue): object => ({
    severity,
    ...(file === checked ? {} : { file }),
    line,
    column,
    path,
    message,
  });

function countOf(file: string, issues: readonly ConfigIssue[]): string {
  const warnings = issues.filter(({ severity }) => severity === "warning").length;
  const errors = plural(issues.length - warnings, "error");
  return `${file}: ${errors}${warnings === 0 ? "" : `, ${plural(warnings, "warning")}`}`;
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

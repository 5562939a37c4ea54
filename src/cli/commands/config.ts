import { renderEffective } from "../../config/effective.ts";
import type { Environment } from "../../config/interpolate.ts";
import { formatIssue } from "../../config/issue.ts";
import { loadConfig } from "../../config/load.ts";
import { configFile, noConfigFile } from "../config-file.ts";
import { exitCodes, outcome, type Outcome } from "../outcome.ts";

export interface ConfigArgs {
  /** pm.yaml or pm.yml in `cwd` when absent. */
  readonly file: string | null;
  readonly cwd?: string;
  readonly env?: Environment;
}

/** `pm config`: the effective configuration as YAML, secrets masked; problems go to stderr with 78. */
export function runConfig({ file: named, cwd = process.cwd(), env = process.env }: ConfigArgs): Promise<Outcome> {
  const file = configFile(named, cwd);
  if (file === null) return Promise.resolve(outcome(exitCodes.configInvalid, [], [noConfigFile]));
  const result = loadConfig(file, { cwd, env });
  if (!result.ok) return Promise.resolve(outcome(exitCodes.configInvalid, [], result.issues.map(formatIssue)));
  return Promise.resolve({
    ...outcome(exitCodes.done, [], result.warnings.map(formatIssue)),
    stdout: renderEffective(result.effective),
  });
}

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Environment } from "../../config/interpolate.ts";
import { formatIssue } from "../../config/issue.ts";
import { loadConfig } from "../../config/load.ts";
import type { FarmSpec } from "../../core/farm/spec.ts";
import { configFile, noConfigFile } from "../config-file.ts";
import { exitCodes, outcome, type Outcome } from "../outcome.ts";

/** Which pm.yaml a text is made for. */
export interface DeployArgs {
  /** pm.yaml or pm.yml in `cwd` when absent. */
  readonly file: string | null;
  readonly cwd?: string;
  readonly env?: Environment;
}

/** Prints what `make` makes of a pm.yaml, with what it has to say beside that; an invalid file is 78. */
export function printFor(
  { file: named, cwd = process.cwd(), env = process.env }: DeployArgs,
  make: (spec: FarmSpec, text: string, cwd: string) => { readonly stdout: string; readonly notes: readonly string[] },
): Outcome {
  const file = configFile(named, cwd);
  if (file === null) return outcome(exitCodes.configInvalid, [], [noConfigFile]);
  const result = loadConfig(file, { cwd, env });
  if (!result.ok) return outcome(exitCodes.configInvalid, [], result.issues.map(formatIssue));
  const { stdout, notes } = make(result.spec, readFileSync(resolve(cwd, file), "utf8"), cwd);
  const lines = [...result.warnings.map(formatIssue), ...notes.map((note) => `${file}: ${note}`)];
  return { ...outcome(exitCodes.done, [], lines), stdout };
}

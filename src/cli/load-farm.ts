import type { FarmSpec } from "../core/farm/spec.ts";
import { formatIssue } from "../config/issue.ts";
import { loadConfig } from "../config/load.ts";
import { configFile, noConfigFile } from "./config-file.ts";
import { exitCodes, outcome, type Outcome } from "./outcome.ts";

/** The farm of a file that can run, or what to tell the user. */
export type LoadedFarm =
  | { readonly ok: true; readonly spec: FarmSpec; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly outcome: Outcome };

/** Reads the file a user named, or the usual one. */
export function loadFarm(named: string | null): LoadedFarm {
  const file = configFile(named, process.cwd());
  if (file === null) return { ok: false, outcome: outcome(exitCodes.configInvalid, [], [noConfigFile]) };
  const loaded = loadConfig(file);
  if (loaded.ok) return { ok: true, spec: loaded.spec, warnings: loaded.warnings.map(formatIssue) };
  const problems = [...loaded.issues.map(formatIssue), `${file}: nothing was started; correct this and try again`];
  return { ok: false, outcome: outcome(exitCodes.configInvalid, [], problems) };
}

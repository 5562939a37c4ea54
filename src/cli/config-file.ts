import { existsSync } from "node:fs";
import { join } from "node:path";

/** The file a command means: the one named, else pm.yaml or pm.yml in `cwd`; null when there is none of them. */
export function configFile(named: string | null, cwd: string): string | null {
  return named ?? ["pm.yaml", "pm.yml"].find((name) => existsSync(join(cwd, name))) ?? null;
}

/** Said when there is no file to work with; one line. */
export const noConfigFile = "pm: there is no pm.yaml in this folder; run `pm init` to write one, or name a file";

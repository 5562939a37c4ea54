import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isPresetName, presets } from "../../config/presets.ts";
import { starterConfig } from "../../config/starter.ts";
import { nearest } from "../../config/suggest.ts";
import { exitCodes, outcome, type Outcome } from "../outcome.ts";

export interface InitArgs {
  readonly preset: string | null;
  readonly cwd?: string;
}

/** `pm init`: writes a commented pm.yaml into `cwd`; an existing one is never touched. */
export function runInit({ preset, cwd = process.cwd() }: InitArgs): Promise<Outcome> {
  return Promise.resolve(init(preset, cwd));
}

function init(preset: string | null, cwd: string): Outcome {
  if (preset !== null && !isPresetName(preset)) {
    const known = Object.keys(presets);
    const near = nearest(preset, known);
    const advice = near === null ? `use one of ${known.join(", ")}` : `did you mean ${near}?`;
    return outcome(exitCodes.usage, [], [`pm: unknown preset ${JSON.stringify(preset)}; ${advice}`]);
  }
  // A new pm.yaml would win over an existing pm.yml, which is as bad as overwriting it.
  if (existsSync(join(cwd, "pm.yml"))) return refusal("pm.yml");
  try {
    writeFileSync(join(cwd, "pm.yaml"), starterConfig(preset), { flag: "wx" });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    if (code === "EEXIST") return refusal("pm.yaml");
    return outcome(
      exitCodes.failed,
      [],
      [`pm: pm.yaml cannot be written here (${code}); check the permissions of this folder`],
    );
  }
  return outcome(exitCodes.done, ["pm.yaml written; edit it, then run `pm check` and `pm serve`"]);
}

const refusal = (name: string): Outcome =>
  outcome(exitCodes.failed, [], [`pm: ${name} exists already and is left as it is; move it away first`]);

import { systemdUnit } from "../../deploy/unit.ts";
import type { Outcome } from "../outcome.ts";
import { type DeployArgs, printFor } from "./deploy-file.ts";

/** `pm unit`: a systemd service on stdout. */
export function runUnit(args: DeployArgs & { readonly program?: string }): Promise<Outcome> {
  const { program = process.execPath } = args;
  return Promise.resolve(
    printFor(args, (spec, _, workingDirectory) => ({
      stdout: systemdUnit(spec, { program, workingDirectory }),
      notes: [],
    })),
  );
}

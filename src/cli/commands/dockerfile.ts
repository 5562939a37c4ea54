import { dockerfile } from "../../deploy/dockerfile.ts";
import type { Outcome } from "../outcome.ts";
import { type DeployArgs, printFor } from "./deploy-file.ts";

/** `pm dockerfile`: a container recipe on stdout. */
export function runDockerfile(args: DeployArgs): Promise<Outcome> {
  return Promise.resolve(printFor(args, (spec) => ({ stdout: dockerfile(spec), notes: [] })));
}

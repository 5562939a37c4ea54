import { clientNames, renderClient } from "../../clients/client-text.ts";
import { exitCodes, type Outcome } from "../outcome.ts";

/** Prints a worker client to paste into an application. */
export async function runClient({ name }: { readonly name: string }): Promise<Outcome> {
  const known = clientNames.find((each) => each === name);
  if (known === undefined) {
    const stderr = `pm client: there is no client "${name}"; choose one of ${clientNames.join(", ")}\n`;
    return { exitCode: exitCodes.usage, stdout: "", stderr };
  }
  return { exitCode: exitCodes.done, stdout: renderClient(known), stderr: "" };
}

import { exitCodes, type Outcome } from "../outcome.ts";
export async function runDemo(_: { readonly scenario: string | null }): Promise<Outcome> {
  return { exitCode: exitCodes.failed, stdout: "", stderr: "not yet\n" };
}

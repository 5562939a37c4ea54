import { listenForSignals } from "../../runtime/signals.ts";
import { exitCodes, type Outcome } from "../outcome.ts";

/** Runs the farm of a pm.yaml until it ends. */
export async function runServe({ file }: { readonly file: string | null }): Promise<Outcome> {
  const signals = listenForSignals();
  const { loadFarm } = await import("../load-farm.ts");
  const loaded = loadFarm(file);
  if (!loaded.ok) return loaded.outcome;
  const { Farm } = await import("../farm.ts");
  const ended = await new Farm(loaded.spec, loaded.warnings).run(signals);
  if (typeof ended === "string") return { exitCode: exitCodes.failed, stdout: "", stderr: `pm serve: ${ended}\n` };
  return { exitCode: ended, stdout: "", stderr: "" };
}

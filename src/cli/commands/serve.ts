import { listenForSignals } from "../../runtime/signals.ts";
import { exitCodes, type Outcome } from "../outcome.ts";

export interface ServeArgs {
  readonly file: string | null;
  /** Where the control socket is to be, instead of where the file says. */
  readonly socket: string | null;
}

/** Runs the farm of a pm.yaml until it ends. */
export async function runServe({ file, socket }: ServeArgs): Promise<Outcome> {
  const signals = listenForSignals();
  const { loadFarm } = await import("../load-farm.ts");
  const loaded = loadFarm(file);
  if (!loaded.ok) return loaded.outcome;
  const { Farm } = await import("../farm/farm.ts");
  const ended = await new Farm(loaded.file, loaded.reload, socket).run(signals);
  if (typeof ended === "string") return { exitCode: exitCodes.failed, stdout: "", stderr: `pm serve: ${ended}\n` };
  return { exitCode: ended, stdout: "", stderr: "" };
}

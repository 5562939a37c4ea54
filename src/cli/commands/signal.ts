import { type Ask, operate } from "../control/operate.ts";
import { readTarget } from "../control/target.ts";
import { exitCodes, outcome, type Outcome } from "../outcome.ts";

export interface SignalArgs {
  readonly target: string;
  readonly signal: string;
  readonly group: boolean;
  readonly reason: string | null;
}

/** `pm signal`: a signal to the processes of a consumer; pm knows which there are. */
export async function runSignal({ target: text, signal, group, reason }: SignalArgs, ask: Ask): Promise<Outcome> {
  const target = readTarget(text);
  if (typeof target === "string") return outcome(exitCodes.usage, [], [`pm signal: ${target}`]);
  const { consumer, slot } = target;
  const body = { signal, group, ...(slot === null ? {} : { slot }), ...(reason === null ? {} : { reason }) };
  return operate({ verb: "signal", consumer, body }, ask);
}

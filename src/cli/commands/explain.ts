import { failure, isExplanation } from "../control/answer.ts";
import type { Ask } from "../control/operate.ts";
import { exitCodes, outcome, type Outcome } from "../outcome.ts";

/** `pm explain`: why a consumer has as many workers as it has. */
export async function runExplain(
  { consumer, json }: { readonly consumer: string; readonly json: boolean },
  { where, connect }: Ask,
): Promise<Outcome> {
  const connected = await connect(where);
  if (!connected.ok) return connected.outcome;
  const answer = await connected.client.get(`/v1/consumers/${encodeURIComponent(consumer)}/explain`);
  if (answer.status !== 200 || !isExplanation(answer.body)) return failure("explain", answer);
  return outcome(exitCodes.done, json ? [JSON.stringify(answer.body)] : answer.body.lines);
}

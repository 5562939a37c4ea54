import { failure, isReloadAnswer } from "../control/answer.ts";
import type { Ask } from "../control/operate.ts";
import { reloadLines } from "../control/reload-text.ts";
import { requester } from "../control/requester.ts";
import { aborted, ownStreams } from "../control/streams.ts";
import { exitCodes, outcome, type Outcome } from "../outcome.ts";

export interface ReloadArgs {
  /** Only tells what would change. */
  readonly plan: boolean;
  readonly json: boolean;
  readonly reason: string | null;
}

/** `pm reload`: applies the changed pm.yaml and tells what that came to. */
export async function runReload(args: ReloadArgs, { where, connect, streams = ownStreams }: Ask): Promise<Outcome> {
  const connected = await connect(where);
  if (!connected.ok) return connected.outcome;
  const body = { plan: args.plan, by: requester(), ...(args.reason === null ? {} : { reason: args.reason }) };
  const interrupt = streams.interrupt();
  const answer = await Promise.race([connected.client.post("/v1/reload", body), aborted(interrupt)]);
  if (answer === "aborted") {
    const line = "pm reload: no longer waiting; the reload goes on, pm status and pm events show it";
    return outcome(exitCodes.interrupted, [], [line]);
  }
  const told = answer.body;
  if (!isReloadAnswer(told)) return failure("reload", answer);
  const exitCode = codes[told.result] ?? exitCodes.failed;
  if (args.json) return outcome(exitCode, [JSON.stringify(told)]);
  const lines = reloadLines(told);
  if (exitCode !== exitCodes.done)
    return outcome(exitCode, [], [...told.problems, ...lines, `pm reload: ${told.message}`]);
  if (told.result !== "planned") return outcome(exitCode, [...lines, told.message], told.problems);
  return outcome(exitCode, lines.length === 0 ? ["nothing would change"] : lines, told.problems);
}

const codes: Readonly<Record<string, number>> = {
  done: exitCodes.done,
  planned: exitCodes.done,
  rejected: exitCodes.configInvalid,
};

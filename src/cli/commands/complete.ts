import { isFarmStatus } from "../control/answer.ts";
import type { Connect } from "../control/connect.ts";
import { exitCodes, outcome, type Outcome } from "../outcome.ts";

/**
 * `pm __complete consumers` and `workers`, asked by the completion scripts: names, a line each; nothing at all, without a word, when
 * pm does not run or does not answer in `longestMs`: somebody is typing.
 */
export async function runComplete(what: string | undefined, connect: Connect, longestMs = 500): Promise<Outcome> {
  const late = Bun.sleep(longestMs).then((): readonly string[] => []);
  const lines = await Promise.race([names(what === "workers", connect), late]);
  return outcome(exitCodes.done, lines);
}

async function names(workersToo: boolean, connect: Connect): Promise<readonly string[]> {
  const connected = await connect({ socket: null, file: null });
  if (!connected.ok) return [];
  const { body } = await connected.client.get("/v1/status");
  if (!isFarmStatus(body)) return [];
  const { consumers } = body;
  if (!workersToo) return consumers.map(({ consumer }) => consumer);
  return consumers.flatMap(({ consumer, workers }) =>
    [consumer, workers.map(({ slot }) => `${consumer}:${slot}`)].flat(),
  );
}

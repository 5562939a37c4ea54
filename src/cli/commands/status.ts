import type { FarmStatus } from "../../protocol/control-api.ts";
import { failure, isFarmStatus } from "../control/answer.ts";
import type { Ask } from "../control/operate.ts";
import { ownStreams, type Streams } from "../control/streams.ts";
import { exitCodes, outcome, type Outcome } from "../outcome.ts";
import { ownerLines } from "../status/owner-lines.ts";
import { renderStatus } from "../status/render.ts";
import { watch } from "../status/watch.ts";

export interface StatusArgs {
  /** Only this one, with all its workers. */
  readonly consumer: string | null;
  readonly json: boolean;
  readonly watch: boolean;
  readonly cluster: boolean;
  /** Every worker, however many there are. */
  readonly all: boolean;
}

/** `pm status`: who runs, since when, and why not. */
export async function runStatus(args: StatusArgs, { where, connect, streams = ownStreams }: Ask): Promise<Outcome> {
  if (args.watch && !args.json && !streams.terminal) {
    const line = "pm status: --watch needs a terminal; add --json for a document a line each second";
    return outcome(exitCodes.usage, [], [line]);
  }
  const connected = await connect(where);
  if (!connected.ok) return connected.outcome;
  const path = args.consumer === null ? "/v1/status" : `/v1/status?consumer=${encodeURIComponent(args.consumer)}`;
  const ask = (): ReturnType<typeof connected.client.get> => connected.client.get(path);
  if (args.watch) return watch(ask, (status) => show(status, args, streams), { streams, frames: !args.json });
  const answer = await ask();
  if (answer.status !== 200 || !isFarmStatus(answer.body)) return failure("status", answer);
  if (args.cluster && !args.json && answer.body.cluster === null) {
    return outcome(exitCodes.failed, [], ["pm status: this pm is no node of a cluster; see cluster in pm.yaml"]);
  }
  return outcome(exitCodes.done, show(answer.body, args, streams));
}

function show(status: FarmStatus, args: StatusArgs, { terminal, colour, size }: Streams): readonly string[] {
  if (args.json) return [JSON.stringify(status)];
  if (args.cluster && status.cluster !== null) return ownerLines(status.cluster);
  const whole = args.all || args.consumer !== null;
  return renderStatus(status, { whole, colour, columns: terminal ? size().columns : null });
}

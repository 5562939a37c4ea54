import type { FarmStatus } from "../../protocol/control-api.ts";
import { failure, isEvent, isFarmStatus, messageOf } from "../control/answer.ts";
import type { Ask } from "../control/operate.ts";
import { requester } from "../control/requester.ts";
import { aborted, ownStreams } from "../control/streams.ts";
import { exitCodes, outcome, type Outcome } from "../outcome.ts";
import { eventText } from "./events.ts";

export interface ShutdownArgs {
  readonly wait: boolean;
  readonly reason: string | null;
}

/** `pm shutdown`: stops the farm in order, tells meanwhile what pm is doing, and comes back when pm itself has gone. */
export async function runShutdown(args: ShutdownArgs, { where, connect, streams = ownStreams }: Ask): Promise<Outcome> {
  const connected = await connect(where);
  if (!connected.ok) return connected.outcome;
  const { client } = connected;
  const before = await client.get("/v1/status");
  if (before.status !== 200 || !isFarmStatus(before.body)) return failure("shutdown", before);
  const { pid } = before.body;
  const interrupt = args.wait ? streams.interrupt() : new AbortController().signal;
  const hear = (document: unknown): void => {
    if (isEvent(document)) streams.err(`${eventText(document, false)}\n`);
  };
  // From before the request, so that nothing of what it leads to is missed.
  const ending = args.wait ? client.lines("/v1/events?n=0&follow=1", hear, interrupt) : null;
  const body = { by: requester(), ...(args.reason === null ? {} : { reason: args.reason }) };
  const answer = await client.post("/v1/shutdown", body);
  // Without an answer it may have gone already, which is what was asked for.
  if (answer.status !== 0 && answer.status !== 202 && answer.status !== 200) return failure("shutdown", answer);
  if (ending === null) return outcome(exitCodes.done, [messageOf(answer)]);
  streams.err(`${stillRunning(before.body)}\n`);
  const ended = await Promise.race([ending.then(() => gone(pid)), aborted(interrupt)]);
  if (ended === "aborted") {
    const line = `pm shutdown: no longer waiting; pm (pid ${pid}) goes on stopping`;
    return outcome(exitCodes.interrupted, [], [line]);
  }
  return outcome(exitCodes.done, [`pm (pid ${pid}) has stopped`]);
}

/** At most so many workers are named. */
const mostNamed = 10;

function stillRunning({ pid, consumers }: FarmStatus): string {
  const running = consumers.flatMap(({ consumer, workers }) =>
    workers.flatMap((worker) =>
      worker.pid === null ? [] : [`${consumer}:${worker.slot}${worker.busy > 0 ? " (busy)" : ""}`],
    ),
  );
  if (running.length === 0) return `pm (pid ${pid}) is stopping`;
  const named = running.slice(0, mostNamed).join(", ");
  const more = running.length > mostNamed ? ` and ${running.length - mostNamed} more` : "";
  return `pm (pid ${pid}) is stopping; waiting for ${named}${more}`;
}

const lookAgainMs = 20;
/** After the socket has closed; a pid of another namespace may be somebody else's here. */
const longestEndMs = 10_000;

/** The socket closes a moment before the process ends, and no event tells of the end of another's child. */
async function gone(pid: number): Promise<"gone"> {
  for (let waitedMs = 0; waitedMs < longestEndMs && isAlive(pid); waitedMs += lookAgainMs) await Bun.sleep(lookAgainMs);
  return "gone";
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

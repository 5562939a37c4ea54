import { visible } from "../../core/farm/log-text.ts";
import type { EventLine } from "../../protocol/control-api.ts";
import { isEvent, isLost } from "../control/answer.ts";
import { clockTime, printLines, readCount } from "../control/follow.ts";
import type { Ask } from "../control/operate.ts";
import { ownStreams } from "../control/streams.ts";
import { exitCodes, outcome, type Outcome } from "../outcome.ts";

export interface EventsArgs {
  readonly consumer: string | null;
  readonly follow: boolean;
  /** How many that are over, as typed. */
  readonly count: string | null;
  readonly json: boolean;
}

/** `pm events`: who or what changed what, and why. */
export async function runEvents(args: EventsArgs, { where, connect, streams = ownStreams }: Ask): Promise<Outcome> {
  const n = readCount(args.count);
  if (typeof n === "string") return outcome(exitCodes.usage, [], [`pm events: ${n}`]);
  const connected = await connect(where);
  if (!connected.ok) return connected.outcome;
  const show = (document: unknown): string | null => {
    if (args.json) return JSON.stringify(document);
    if (isLost(document)) return `… ${document.lost} events lost: too slow to read them`;
    return isEvent(document) ? eventText(document, streams.colour) : null;
  };
  const query = { n, consumer: args.consumer };
  return printLines(connected.client, { command: "events", query, follow: args.follow, show }, streams);
}

/** `12:34:56 alice: async: 3 workers restarted (deploy)`, `12:34:56 pm: async worker 4: exit code 1`. */
export function eventText({ at, who, consumer, worker, message, why }: EventLine, colour: boolean): string {
  const paint = (code: number, text: string): string => (colour ? `\u001B[${code}m${text}\u001B[0m` : text);
  const about = consumer === null ? "" : `${consumer}${worker === null ? "" : ` worker ${worker}`}: `;
  const because = why === null ? "" : ` (${visible(why)})`;
  return `${paint(90, clockTime(at))} ${paint(36, visible(who))}: ${about}${visible(message)}${because}`;
}

import { nearest } from "../../config/suggest.ts";
import { isLogLine, isLost } from "../control/answer.ts";
import { printLines, readCount } from "../control/follow.ts";
import { logText } from "../control/log-text.ts";
import type { Ask } from "../control/operate.ts";
import { ownStreams } from "../control/streams.ts";
import { readTarget } from "../control/target.ts";
import { exitCodes, outcome, type Outcome } from "../outcome.ts";

export interface LogsArgs {
  /** CONSUMER or CONSUMER:SLOT; null for all. */
  readonly target: string | null;
  readonly follow: boolean;
  /** How many that are there already, as typed. */
  readonly count: string | null;
  readonly level: string | null;
  readonly stream: string | null;
  readonly json: boolean;
}

/** `pm logs`: what the workers wrote last, and what they write from now on. */
export async function runLogs(args: LogsArgs, { where, connect, streams = ownStreams }: Ask): Promise<Outcome> {
  const target = args.target === null ? { consumer: null, slot: null } : readTarget(args.target);
  if (typeof target === "string") return usage(target);
  const n = readCount(args.count);
  if (typeof n === "string") return usage(n);
  const problem =
    notOneOf("--level", args.level, Object.keys(levels)) ?? notOneOf("--stream", args.stream, ["stdout", "stderr"]);
  if (problem !== null) return usage(problem);
  const connected = await connect(where);
  if (!connected.ok) return connected.outcome;
  const show = (document: unknown): string | null => {
    if (args.json) return JSON.stringify(document);
    if (isLost(document)) return `… ${document.lost} lines lost: too slow to read them`;
    return isLogLine(document) ? logText(document, streams) : null;
  };
  const query = { ...target, n, level: levels[args.level ?? ""] ?? null, stream: args.stream };
  return printLines(connected.client, { command: "logs", query, follow: args.follow, show }, streams);
}

/** What people write, and what it is called here. */
const levels: Readonly<Record<string, string>> = {
  debug: "debug",
  info: "info",
  warn: "warning",
  warning: "warning",
  error: "error",
};

const usage = (problem: string): Outcome => outcome(exitCodes.usage, [], [`pm logs: ${problem}`]);

function notOneOf(flag: string, word: string | null, known: readonly string[]): string | null {
  if (word === null || known.includes(word)) return null;
  const near = nearest(word, known);
  return `${flag} ${word}: ${near === null ? `choose one of ${known.join(", ")}` : `did you mean ${near}?`}`;
}

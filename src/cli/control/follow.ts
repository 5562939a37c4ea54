import type { ControlClient } from "../../surface/control/client.ts";
import { exitCodes, outcome, type Outcome } from "../outcome.ts";
import { failure } from "./answer.ts";
import type { Streams } from "./streams.ts";

export interface FollowRequest {
  /** What was typed after `pm`. */
  readonly command: "logs" | "events";
  /** Without `follow`. */
  readonly query: Readonly<Record<string, string | number | null>>;
  readonly follow: boolean;
  /** A document as one line, without its newline; null for one that is not to be shown. */
  readonly show: (document: unknown) => string | null;
}

/**
 * Prints the lines of `/v1/logs` or `/v1/events` as they come. Ctrl-C and the end of pm are good ends, and so is a reader that has seen
 * enough.
 */
export async function printLines(client: ControlClient, request: FollowRequest, streams: Streams): Promise<Outcome> {
  const { command, query, follow, show } = request;
  const enough = new AbortController();
  const signal = AbortSignal.any([streams.interrupt(), enough.signal]);
  const hear = (document: unknown): void => {
    const line = show(document);
    if (line !== null && !enough.signal.aborted && !streams.out(`${line}\n`)) enough.abort();
  };
  const ended = await client.lines(pathOf(command, query, follow), hear, signal);
  if (typeof ended !== "string") return failure(command, ended);
  return outcome(exitCodes.done, [], follow && ended === "ended" ? [`pm ${command}: pm has ended`] : []);
}

function pathOf(command: string, query: FollowRequest["query"], follow: boolean): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...query, follow: follow ? 1 : null })) {
    if (value !== null) parameters.set(name, String(value));
  }
  return `/v1/${command}?${parameters.toString()}`;
}

/** The `-n` of a command: so many recent lines; a string is the problem. */
export function readCount(text: string | null): number | string {
  if (text === null) return 100;
  if (!/^\d{1,5}$/u.test(text)) return `-n ${text}: write a whole number, 0 to 99999`;
  return Number(text);
}

/** `12:34:56`, in local time. */
export function clockTime(at: string): string {
  const time = new Date(at);
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}

import { exitCodes, outcome, type Outcome } from "../outcome.ts";

export interface HealthArgs {
  /** That of pm's own defaults when absent. */
  readonly url: string | null;
}

const defaultUrl = "http://127.0.0.1:9100/livez";
const timeoutMs = 5_000;
const mostShown = 300;

/** `pm health`: 0 when the URL answers with success, 1 when it answers otherwise, 69 without an answer. For containers without a shell. */
export async function runHealth({ url: named }: HealthArgs): Promise<Outcome> {
  const url = URL.parse(named ?? defaultUrl);
  if (url === null || !/^https?:$/u.test(url.protocol))
    return outcome(exitCodes.usage, [], [`pm health: "${named}" is no URL; write one such as ${defaultUrl}`]);
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: "manual" });
    const line = `${response.status} ${shown(await response.text())}`.trim();
    return response.ok
      ? outcome(exitCodes.done, [line])
      : outcome(exitCodes.failed, [], [`pm health: ${url.href}: ${line}`]);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return outcome(exitCodes.unreachable, [], [`pm health: no answer from ${url.href}: ${shown(why)}`]);
  }
}

/** On one line, and not without end. */
function shown(text: string): string {
  return text.replaceAll(/\s+/gu, " ").slice(0, mostShown);
}

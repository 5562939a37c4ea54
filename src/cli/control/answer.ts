import type {
  EventLine,
  ExplainDocument,
  FarmStatus,
  LogLineDocument,
  LostLines,
  ReloadAnswer,
} from "../../protocol/control-api.ts";
import type { ControlAnswer } from "../../surface/control/client.ts";
import { exitCodes, outcome, type Outcome } from "../outcome.ts";

/**
 * What pm sent, recognised by the members that make it what it is. Within a version of the API none of the others is ever missing,
 * so they are not looked at one by one.
 */
export const isFarmStatus = (value: unknown): value is FarmStatus => has(value, "api", "consumers", "started_at");
export const isReloadAnswer = (value: unknown): value is ReloadAnswer => has(value, "result", "message", "changes");
export const isExplanation = (value: unknown): value is ExplainDocument => has(value, "lines", "decisions");
export const isEvent = (value: unknown): value is EventLine => has(value, "id", "at", "who", "message");
export const isLogLine = (value: unknown): value is LogLineDocument => has(value, "at", "consumer", "slot", "text");
export const isLost = (value: unknown): value is LostLines => has(value, "lost");

function has(value: unknown, ...names: readonly string[]): boolean {
  return typeof value === "object" && value !== null && names.every((name) => Object.hasOwn(value, name));
}

/** The one line that an answer holds for people: of an operation, or of an error. */
export function messageOf({ status, body }: ControlAnswer): string {
  const said = member(body, "message") ?? member(member(body, "error"), "message");
  return typeof said === "string" ? said : `pm answered ${status} in a way this version does not understand`;
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}

/** What an answer that is no success has come to; `command` is what was typed after `pm`. */
export function failure(command: string, answer: ControlAnswer): Outcome {
  // 400: the words of the user made no sense to pm, such as a signal that does not exist.
  const exitCode = answer.status === 400 ? exitCodes.usage : exitCodes.failed;
  return outcome(exitCode, [], [`pm ${command}: ${messageOf(answer)}`]);
}

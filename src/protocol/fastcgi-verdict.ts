import type { LaneAnswer } from "../core/tasks/lane-answer.ts";
import { type CgiAnswer, parseCgiAnswer } from "./fastcgi-answer.ts";
import { type JsonPlace, jsonPlace, placeText, placeWords, within } from "./fastcgi-json.ts";
import { phpErrorInBody, phpErrorInStderr } from "./fastcgi-php-error.ts";

/** All that a server said of one request. */
export interface FastcgiOutcome {
  readonly stdout: Uint8Array;
  /** As text; its beginning is enough. */
  readonly stderr: string;
  readonly applicationStatus: number;
  readonly protocolStatus: number;
}

const decoder = new TextDecoder();
const maxMessageLength = 500;
const maxExcerptLength = 2000;
const maxDetailsLength = 65_536;

/**
 * Whether a request did what it was for. A server's own refusal, an application status, a `Status` other than 2xx, and PHP's fatal errors
 * on STDERR or in the body make it a failure, and so does a JSON body with `error`. Else `result` of a JSON body is the result, or all of
 * it, or any other body as a JSON string.
 */
export function judgeFastcgi(outcome: FastcgiOutcome): LaneAnswer {
  const refusal = protocolRefusal(outcome.protocolStatus);
  if (refusal !== null) return { ok: false, ...refusal, details: null };
  const answer = parseCgiAnswer(outcome.stdout);
  const place = answer === null ? null : jsonPlace(answer.body);
  const text = place === null ? decoder.decode(answer?.body ?? outcome.stdout) : "";
  const why = failure(outcome, answer, text);
  const error = place === null ? null : saidError(place);
  if (error !== null) return error;
  if (why !== null) return { ok: false, kind: "failed", message: oneLine(why), details: excerpts(outcome, answer) };
  if (place === null) return { ok: true, result: JSON.stringify(text) };
  return { ok: true, result: placeText(within(place, "result") ?? place) };
}

/** Details of a failure of which there is nothing but what the server had written so far. */
export function fastcgiExcerpts(stdout: Uint8Array, stderr: string): string {
  return JSON.stringify({ status: null, stderr: excerpt(stderr), body: excerpt(cut(stdout)) });
}

function protocolRefusal(
  status: number,
): { readonly kind: "failed" | "refused" | "final"; readonly message: string } | null {
  switch (status) {
    case 0:
      return null;
    case 1:
      return { kind: "refused", message: "the server takes one request at a time" };
    case 2:
      return { kind: "refused", message: "the server is overloaded" };
    case 3:
      return { kind: "final", message: "the server is no FastCGI responder" };
    default:
      return { kind: "failed", message: `the server ended with the unknown protocol status ${status}` };
  }
}

/** Why this is a failure whatever the body says, the most telling first; null when it is none. `text` is a body that is no JSON. */
function failure({ stderr, applicationStatus }: FastcgiOutcome, answer: CgiAnswer | null, text: string): string | null {
  const phpError = phpErrorInStderr(stderr) ?? phpErrorInBody(text);
  if (phpError !== null) return phpError;
  const hint = stderr.trim() === "" ? "" : `: ${stderr.trim().split("\n", 1)[0]}`;
  if (applicationStatus !== 0) return `application status ${applicationStatus}${hint}`;
  if (answer === null) return `the answer has no CGI headers${hint}`;
  return answer.status >= 200 && answer.status < 300 ? null : `status ${answer.status}${hint}`;
}

/** The failure that the body itself tells: `{"error": "text"}`, or an object with `message` and perhaps `"retry": false`. */
function saidError(place: JsonPlace): Extract<LaneAnswer, { ok: false }> | null {
  const error = within(place, "error");
  const text = error === null ? "null" : placeText(error);
  if (error === null || text === "null") return null;
  const message = within(error, "message");
  const retry = within(error, "retry");
  return {
    ok: false,
    kind: retry !== null && placeText(retry) === "false" ? "final" : "failed",
    message: oneLine(placeWords(message ?? error)),
    details: text.startsWith("{") && text.length <= maxDetailsLength ? text : null,
  };
}

function excerpts({ stdout, stderr }: FastcgiOutcome, answer: CgiAnswer | null): string {
  const body = excerpt(cut(answer?.body ?? stdout));
  return JSON.stringify({ status: answer?.status ?? null, stderr: excerpt(stderr), body });
}

function cut(bytes: Uint8Array): string {
  return decoder.decode(bytes.subarray(0, 4 * maxExcerptLength));
}

function excerpt(text: string): string {
  return text.trim().slice(0, maxExcerptLength);
}

function oneLine(text: string): string {
  const line = text
    .slice(0, 2 * maxMessageLength)
    .replaceAll(/\s+/gu, " ")
    .trim();
  return line === "" ? "failed" : line.slice(0, maxMessageLength).replace(/\.$/u, "");
}

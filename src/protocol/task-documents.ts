import * as v from "valibot";
import type { TaskAnswer, TaskErrorCode } from "../core/tasks/task.ts";

/** What is asked of and answered by `POST /v1/consumers/{consumer}/tasks`. Payloads and results stay the JSON texts they are. */

/** The answer to a task: the whole body, or a line of a stream. */
export interface TaskAnswerDocument {
  /** As in the request; without one there, null, and in a stream the number of the line, from 1. */
  readonly id: string | number | null;
  /** Either this or `error`. */
  readonly result?: unknown;
  readonly error?: { readonly code: string; readonly message: string; readonly details?: unknown } | null | undefined;
}

/** Longest `timeout_seconds`, a week: beyond it nobody waits for an answer. */
const mostSeconds = 604_800;
const mostRetries = 100;
const largestPriority = 1_000_000;

const range = (least: number, most: number, what: string) => {
  const message = `must be ${what} from ${least} to ${most}`;
  return v.pipe(v.number(message), v.minValue(least, message), v.maxValue(most, message));
};
const whole = (least: number, most: number) => {
  const message = `must be a whole number from ${least} to ${most}`;
  return v.pipe(v.number(message), v.safeInteger(message), v.minValue(least, message), v.maxValue(most, message));
};
const short = (most: number) =>
  v.pipe(
    v.string("must be a text"),
    v.nonEmpty("must not be empty"),
    v.maxLength(most, `must have at most ${most} characters`),
  );

const timeoutAbout = v.description<number, string>("From now to the answer, waiting included; that of the consumer.");
const retriesAbout = v.description<number, string>("How often it is run again when it fails; that of the consumer.");
const priorityAbout = v.description<number, string>("Of those that wait the higher one goes first; 0.");

/** A body of `application/json`, and a line of `application/x-ndjson`. */
export const taskBody = v.strictObject({
  payload: v.pipe(v.unknown(), v.description("What the worker gets: any JSON.")),
  timeout_seconds: v.nullish(v.pipe(range(0.001, mostSeconds, "a number of seconds"), timeoutAbout), null),
  retries: v.nullish(v.pipe(whole(0, mostRetries), retriesAbout), null),
  priority: v.nullish(v.pipe(whole(-largestPriority, largestPriority), priorityAbout), null),
  key: v.nullish(v.pipe(short(500), v.description("Two tasks of the same key are one.")), null),
  id: v.nullish(
    v.pipe(
      v.union([short(200), v.pipe(v.number(), v.safeInteger())], "must be a text or a whole number"),
      v.description("Comes back in the answer."),
    ),
    null,
  ),
});

const numeric = (schema: v.GenericSchema<number, number>, type: "number" | "integer") =>
  v.pipe(v.string(), v.transform(Number), schema, v.metadata({ schema: { type } }));

/** The members of the query hold for all tasks of a request that do not say otherwise. */
export const taskQuery = v.strictObject({
  bare: v.nullish(
    v.pipe(
      v.picklist(["0", "1", "false", "true"], "must be 1 or 0"),
      v.transform((text) => text === "1" || text === "true"),
      v.metadata({ schema: { enum: ["0", "1", "false", "true"] } }),
      v.description("The body, or each line of a stream, is the payload itself."),
    ),
    "0",
  ),
  n: v.nullish(
    v.pipe(numeric(whole(1, Number.MAX_SAFE_INTEGER), "integer"), v.description("Number of a stream's first line; 1.")),
    "1",
  ),
  timeout_seconds: v.nullish(
    v.pipe(numeric(range(0.001, mostSeconds, "a number of seconds"), "number"), timeoutAbout),
    null,
  ),
  retries: v.nullish(v.pipe(numeric(whole(0, mostRetries), "integer"), retriesAbout), null),
  priority: v.nullish(v.pipe(numeric(whole(-largestPriority, largestPriority), "integer"), priorityAbout), null),
});

export const taskAnswerDocument: v.GenericSchema<TaskAnswerDocument> = v.strictObject({
  id: v.nullable(v.union([v.string(), v.number()])),
  result: v.nullish(v.pipe(v.unknown(), v.description("What the worker answered; either this or error.")), undefined),
  error: v.nullish(
    v.strictObject({
      code: v.string(),
      message: v.pipe(v.string(), v.description("One line for people.")),
      details: v.nullish(v.pipe(v.unknown(), v.description("What the worker said beside it.")), undefined),
    }),
    undefined,
  ),
});

const statuses = {
  failed: 422,
  lost: 502,
  timeout: 504,
  cancelled: 499, // nobody is left to see it
  overloaded: 429,
  unavailable: 503,
  shutting_down: 503,
  too_large: 413,
  loop: 508,
} as const satisfies Record<TaskErrorCode, number>;

/** The HTTP status of an answer. */
export function taskStatus(answer: TaskAnswer): number {
  return answer.ok ? 200 : statuses[answer.error.code];
}

/** The answer as a document on one line, without a newline. `id` is JSON text. */
export function taskAnswerText(id: string, answer: TaskAnswer): string {
  if (answer.ok) return `{"id":${id},"result":${answer.result}}`;
  const { code, message, details } = answer.error;
  return taskErrorText(id, code, message, details);
}

/** As `taskAnswerText`, for an error that may be none of a task: `bad_request`. `details` is JSON text. */
export function taskErrorText(id: string, code: string, message: string, details: string | null = null): string {
  const more = details === null ? "" : `,"details":${details}`;
  return `{"id":${id},"error":{"code":"${code}","message":${JSON.stringify(message)}${more}}}`;
}

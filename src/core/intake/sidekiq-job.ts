import type { TaskAnswer, TaskError } from "../tasks/task.ts";
import { withMembers } from "./json-members.ts";
import { type Settlement, verdictOn } from "./settlement.ts";

/** Sidekiq's own number for `retry: true`. */
const defaultRetries = 25;
/** Later ones are in milliseconds (Sidekiq 8), earlier ones in seconds. */
const millisecondStamps = 100_000_000_000;

/** The moment of a failure; `random` is in [0, 1). */
export interface Failure {
  readonly epochMs: number;
  readonly random: number;
  /** Key of the list it came from. */
  readonly list: string;
  /** For a job that does not say how often it wants to be tried. */
  readonly maxAttempts: number;
}

/** What becomes of a job, decided and written down as Sidekiq itself does it. */
export function afterJobAnswer(answer: TaskAnswer, job: string, failure: Failure): Settlement {
  const verdict = verdictOn(answer);
  if (answer.ok || verdict === "done") return { do: "done" };
  if (verdict === "not_tried") return { do: "back" };
  return afterJobFailure(answer.error, verdict === "hopeless", job, failure);
}

function afterJobFailure(error: TaskError, isHopeless: boolean, text: string, failure: Failure): Settlement {
  const job: Readonly<Record<string, unknown>> = Object(JSON.parse(text));
  const keys = sidekiqKeys(failure.list);
  if (job["retry"] === false) return { do: "discard", error };

  const count = typeof job["retry_count"] === "number" ? job["retry_count"] + 1 : 0;
  const isFirst = typeof job["retry_count"] !== "number";
  const now = stamp(job, failure.epochMs);
  const failed = withMembers(text, {
    queue: JSON.stringify(typeof job["retry_queue"] === "string" ? job["retry_queue"] : keys.queue),
    error_message: JSON.stringify(error.message.slice(0, 10_000)),
    error_class: JSON.stringify(errorClass(error)),
    retry_count: String(count),
    [isFirst ? "failed_at" : "retried_at"]: String(now),
  });
  if (!isHopeless && count < retriesOf(job, failure.maxAttempts) && !isTooLate(job, failure.epochMs)) {
    const delaySeconds = sidekiqDelaySeconds(count, failure.random);
    return { do: "retry_at", atMs: failure.epochMs + delaySeconds * 1000, job: failed, set: keys.retry };
  }
  if (job["dead"] === false) return { do: "discard", error };
  return { do: "bury", atMs: failure.epochMs, job: failed, error };
}

/** Before the retry after `count` earlier ones: count⁴ + 15, and up to 9 times (count + 1) so that a herd does not come back at once. */
export function sidekiqDelaySeconds(count: number, random: number): number {
  return count ** 4 + 15 + Math.floor(random * 10) * (count + 1);
}

function retriesOf(job: Readonly<Record<string, unknown>>, maxAttempts: number): number {
  const retry = job["retry"];
  if (typeof retry === "number") return retry;
  return retry === true ? defaultRetries : maxAttempts - 1;
}

/** `retry_for` bounds the time since the first failure, in seconds, instead of the number. */
function isTooLate(job: Readonly<Record<string, unknown>>, epochMs: number): boolean {
  const { retry_for: seconds, failed_at: since } = job;
  if (typeof seconds !== "number" || typeof since !== "number") return false;
  const sinceMs = since > millisecondStamps ? since : since * 1000;
  return sinceMs + seconds * 1000 < epochMs;
}

function stamp(job: Readonly<Record<string, unknown>>, epochMs: number): number {
  const created = job["created_at"] ?? job["enqueued_at"];
  const isInMs = typeof created === "number" && created > millisecondStamps;
  return isInMs ? Math.round(epochMs) : epochMs / 1000;
}

/** A `class` the worker gave beside its message, or pm's code. */
function errorClass(error: TaskError): string {
  if (error.details !== null) {
    const details: Readonly<Record<string, unknown>> = Object(JSON.parse(error.details));
    const { class: name } = details;
    if (typeof name === "string") return name;
  }
  return `pm.${error.code}`;
}

/** The keys of Sidekiq around the list of a queue; a prefix (a namespace) is theirs too. */
export function sidekiqKeys(list: string): {
  readonly queue: string;
  readonly retry: string;
  readonly schedule: string;
} {
  const at = list.lastIndexOf("queue:");
  const prefix = at === -1 ? "" : list.slice(0, at);
  return {
    queue: at === -1 ? list : list.slice(at + "queue:".length),
    retry: `${prefix}retry`,
    schedule: `${prefix}schedule`,
  };
}

import type { TaskAnswer, TaskError } from "../tasks/task.ts";

/** What becomes of an entry that was taken out of a queue. */
export type Settlement =
  | { readonly do: "done" }
  /** It was not tried: back to where it was, and no attempt is counted. */
  | { readonly do: "back" }
  /** It was tried and failed: another attempt. */
  | { readonly do: "again" }
  /** Into the dead-letter queue, as it is, with the reason and all attempts made. */
  | { readonly do: "lay_aside"; readonly error: TaskError; readonly attempts: number }
  /** Sidekiq's way: the rewritten job is to be tried at this instant, and waits for it in this sorted set. */
  | { readonly do: "retry_at"; readonly atMs: number; readonly job: string; readonly set: string }
  /** Sidekiq's way into the dead set; null is the entry as it is. */
  | { readonly do: "bury"; readonly atMs: number; readonly job: string | null; readonly error: TaskError }
  /** Sidekiq's way for jobs that want neither a retry nor a grave. */
  | { readonly do: "discard"; readonly error: TaskError };

/** What an answer says about the entry. */
export type Verdict = "done" | "not_tried" | "failed" | "hopeless";

/** Only what ran and came to nothing costs an attempt; `hopeless` is what no further attempt can change. */
export function verdictOn(answer: TaskAnswer): Verdict {
  if (answer.ok) return "done";
  switch (answer.error.code) {
    case "cancelled":
    case "unavailable":
    case "shutting_down":
    case "overloaded":
      return "not_tried";
    case "failed":
    case "lost":
    case "timeout":
      return "failed";
    case "too_large":
    case "loop":
      return "hopeless";
  }
}

/** For a list or a stream; `attempts` are those made before this one. */
export function afterAnswer(answer: TaskAnswer, attempts: number, maxAttempts: number): Settlement {
  const verdict = verdictOn(answer);
  if (answer.ok || verdict === "done") return { do: "done" };
  if (verdict === "not_tried") return { do: "back" };
  const made = attempts + 1;
  if (verdict === "failed" && made < maxAttempts) return { do: "again" };
  return { do: "lay_aside", error: answer.error, attempts: made };
}

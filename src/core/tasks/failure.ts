import type { LaneAnswer } from "./lane-answer.ts";
import type { TaskAnswer } from "./task.ts";

/** What whoever asked hears of a task that came to nothing. */
export function failure({ kind, message, details }: Extract<LaneAnswer, { ok: false }>): TaskAnswer {
  return { ok: false, error: { code: kind === "too_large" ? "too_large" : "failed", message, details } };
}

import { expect, test } from "bun:test";
import { afterAnswer } from "../../../src/core/intake/settlement.ts";
import type { TaskAnswer, TaskError } from "../../../src/core/tasks/task.ts";

const error = (code: TaskError["code"]): TaskError => ({ code, message: "no", details: null });
const answer = (code: TaskError["code"] | "ok"): TaskAnswer =>
  code === "ok" ? { ok: true, result: "1" } : { ok: false, error: error(code) };

test.each([
  ["ok", 0, "done"],
  ["ok", 9, "done"],
  ["failed", 0, "again"],
  ["lost", 1, "again"],
  ["timeout", 1, "again"],
  ["failed", 2, "lay_aside"],
  ["lost", 2, "lay_aside"],
  ["timeout", 7, "lay_aside"],
  ["too_large", 0, "lay_aside"],
  ["loop", 0, "lay_aside"],
  ["cancelled", 2, "back"],
  ["unavailable", 2, "back"],
  ["shutting_down", 2, "back"],
  ["overloaded", 2, "back"],
] as const)("%s after %d attempts of 3: %s", (code, attempts, what) => {
  expect(afterAnswer(answer(code), attempts, 3).do).toBe(what);
});

test("what is laid aside says why, and how often it was tried", () => {
  const failed = error("failed");
  expect(afterAnswer({ ok: false, error: failed }, 4, 5)).toEqual({ do: "lay_aside", error: failed, attempts: 5 });
});

import { expect, test } from "bun:test";

import { failure } from "../../../src/core/tasks/failure.ts";

test.each([
  ["failed", "failed"],
  ["final", "failed"],
  ["refused", "failed"],
  ["too_large", "too_large"],
] as const)("what a worker answers as %s is told as %s, with its words", (kind, code) => {
  const error = { code, message: "no luck", details: '{"line":7}' };
  expect(failure({ ok: false, kind, message: "no luck", details: '{"line":7}' })).toEqual({ ok: false, error });
});

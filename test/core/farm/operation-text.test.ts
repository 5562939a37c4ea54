import { describe, expect, test } from "bun:test";
import { describePlan, describeStarts, plural, took } from "../../../src/core/farm/operation-text.ts";
import type { ConsumerChange } from "../../../src/core/farm/reload-plan.ts";

const ref = (worker: number) => ({ worker, slot: worker - 1, consumer: "a" });
const change = (kind: ConsumerChange["kind"]): ConsumerChange => ({
  consumer: kind,
  kind,
  keys: [],
  sizeBefore: null,
  sizeAfter: null,
});

test.each([
  [0, "0 workers"],
  [1, "1 worker"],
  [2, "2 workers"],
])("%i is %s", (count, text) => {
  expect(plural(count, "worker")).toBe(text);
});

test.each([
  [0, "0 s"],
  [4, "0 s"],
  [5, "0.01 s"],
  [1_234, "1.23 s"],
  [60_000, "60 s"],
])("%i ms took %s", (ms, text) => {
  expect(took(ms)).toBe(text);
});

describe("what became of starts", () => {
  test.each([
    [[{ ref: ref(1), why: null }], { result: "done", message: "a: 1 worker started in 1 s" }],
    [[{ ref: ref(1), why: "exit code 3" }], { result: "failed", message: "a: worker 1 (slot 0) failed: exit code 3" }],
    [
      [
        { ref: ref(1), why: null },
        { ref: ref(2), why: "exit code 3" },
        { ref: ref(3), why: "exit code 4" },
      ],
      { result: "failed", message: "a: 2 of 3 workers not started; worker 2 (slot 1) failed: exit code 3" },
    ],
  ] as const)("%j", (results, outcome) => {
    expect(describeStarts("a", "started", results, 1_000)).toEqual(outcome);
  });
});

test("what a plan has changed, in one line", () => {
  expect(
    describePlan({
      consumers: [change("restart"), change("added"), change("restart"), change("removed"), change("resized")],
      farmKeys: ["total_cap", "hooks"],
      needsNewStart: ["control"],
    }),
  ).toBe(
    "1 consumer added, 1 consumer removed, 1 consumer resized, 2 consumers restarted, total_cap, hooks changed, " +
      "control left for the next start of pm",
  );
  expect(describePlan({ consumers: [change("adjusted")], farmKeys: [], needsNewStart: [] })).toBe(
    "1 consumer changed in place",
  );
});

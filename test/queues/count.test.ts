import { expect, test } from "bun:test";
import { toDepth, toWorkers } from "../../src/queues/count.ts";

test.each([
  [0, 0],
  [12, 12],
  [1.5, 1.5],
  [12n, 12],
  ["12", 12],
  [" 12\n", 12],
  ["1.2e+03", 1200],
  ["0.5", 0.5],
])("%p is the depth %p", (value, depth) => {
  expect(toDepth(value)).toEqual({ ok: true, depth });
});

test.each([
  [-1, "below 0"],
  ["-3", "below 0"],
  [Number.NaN, "no number"],
  ["NaN", "no number"],
  ["+Inf", "no number"],
  ["1e999", "no number"],
  ["", "no number"],
  ["12 messages", "no number"],
  ["0x10", "no number"],
  [true, "no number"],
  [null, "no number"],
  [undefined, "nothing"],
  [[3], "a list"],
  [{}, "an object"],
  ["9007199254740993000", "too many"],
  ["x".repeat(1000), "…"],
])("%p is a failure that says so", (value, words) => {
  const reading = toDepth(value);
  expect(reading).toMatchObject({ ok: false, why: expect.stringContaining(words) });
  expect(JSON.stringify(reading).length).toBeLessThan(120);
});

test.each([
  ["0", 0],
  ["7\n", 7],
  [" 100000 ", 100_000],
])("%j asks for %p workers", (text, workers) => {
  expect(toWorkers(text)).toEqual({ ok: true, workers });
});

test.each(["", "-1", "+1", "2.0", "1e3", "0x10", "seven", "7 8", "1\n2", "100001", "9".repeat(400), "NaN"])(
  "%j asks for no number of workers",
  (text) => {
    expect(toWorkers(text).ok).toBe(false);
  },
);

import { describe, expect, test } from "bun:test";
import {
  distribution,
  finiteOnly,
  interleaved,
  median,
  mediansOf,
  quantile,
} from "../../../scripts/bench/statistics.ts";

describe("the bench's statistics", () => {
  test.each([
    [[], Number.NaN],
    [[3], 3],
    [[9, 1, 5], 5],
    [[10, 2], 6],
    [[100, 20, 3], 20], // by value, not by text
  ])("the median of %p is %p", (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  test.each([
    [0, 1],
    [0.5, 51],
    [0.99, 100],
    [1, 100],
  ])("%p of a hundred values lie below the %pth", (share, expected) => {
    const values = Array.from({ length: 100 }, (_, at) => 100 - at);
    expect(quantile(values, share)).toBe(expected);
  });

  test("a distribution tells count, least, middle and the far end, and NaN of nothing", () => {
    expect(distribution([4, 1, 3, 2])).toEqual({ count: 4, min: 1, median: 2.5, p99: 4, max: 4 });
    expect(distribution([])).toMatchObject({ count: 0, min: Number.NaN, p99: Number.NaN });
  });

  test("medians are taken of each figure over the runs that have it", () => {
    expect(mediansOf([{ a: 1, b: 5 }, { a: 3 }, { a: 2, c: 7 }])).toEqual({ a: 2, b: 5, c: 7 });
    expect(mediansOf([])).toEqual({});
  });

  test("what is no number is no figure", () => {
    expect(finiteOnly({ a: 1, b: Number.NaN, c: Infinity, d: 0 })).toEqual({ a: 1, d: 0 });
  });

  test("managers take turns forwards and backwards", () => {
    expect(interleaved(["a", "b", "c"], 3).join("")).toBe("abccbaabc");
  });
});

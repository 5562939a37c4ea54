import { describe, expect, test } from "bun:test";
import { clean, clip, clipStart, fit, widthOf } from "../../src/top/text.ts";

describe("clean", () => {
  test.each([
    ["plain text stays", "hello", "hello"],
    ["colours go", "\u001B[1;31mred\u001B[0m", "red"],
    ["so do sequences that clear the screen or move the cursor", "a\u001B[2J\u001B[Hb", "ab"],
    ["a title is not set", "\u001B]0;owned\u0007x", "x"],
    ["half a sequence goes", "a\u001B[", "a"],
    ["a sequence hidden in another one steers nothing", "\u001B\u200B[2J", "[2J"],
    ["C1 controls go", "a\u009B2Jb\u0085", "ab"],
    ["a bell, NUL, return and backspace go", "a\u0007\u0000\r\bb", "ab"],
    ["tabs are spaces", "a\tb", "a  b"],
    ["text does not change its direction", "a\u202Eb\u2066c", "abc"],
    ["what is invisible goes", "a\u200B\u00AD\uFEFFb", "ab"],
    ["joined emoji stand alone", "👨‍👩‍👧", "👨👩👧"],
    ["an emoji's variant is not chosen", "❤️", "❤"],
    ["half a surrogate goes", "a\uD83Db", "ab"],
    ["letters and their marks are one", "e\u0301", "é"],
    ["marks do not pile up", `q${"\u0323".repeat(20)}b`, "q\u0323\u0323b"],
    ["wide characters stay", "漢字", "漢字"],
  ])("%s", (_, given, expected) => {
    expect(Array.from(clean(given), (each) => each.codePointAt(0))).toEqual(
      Array.from(expected.normalize(), (each) => each.codePointAt(0)),
    );
  });
});

test.each([
  ["", 0],
  ["abc", 3],
  ["漢字", 4],
  ["é", 1],
  ["ก็", 1],
  ["👍", 2],
])("%s takes %i columns", (text, columns) => expect(widthOf(text)).toBe(columns));

test.each([
  ["abc", 3, "abc"],
  ["abcd", 3, "ab…"],
  ["漢字漢", 6, "漢字漢"],
  ["漢字漢", 5, "漢字…"],
  ["漢字漢", 4, "漢…"],
  ["漢字", 1, "…"],
  ["漢", 1, "…"],
  ["abc", 0, ""],
])("%s in %i columns is %s", (text, columns, expected) => {
  expect(clip(text, columns)).toBe(expected);
  expect(widthOf(clip(text, columns))).toBeLessThanOrEqual(columns);
});

test.each([
  ["/srv/app/pm.yaml", 16, "/srv/app/pm.yaml"],
  ["/srv/app/pm.yaml", 8, "…pm.yaml"],
  ["/漢字", 4, "…字"],
  ["abc", 0, ""],
])("the end of %s in %i columns is %s", (text, columns, expected) => expect(clipStart(text, columns)).toBe(expected));

test("a cell is exactly as wide as it should be", () => {
  expect([fit("ab", 4), fit("ab", 4, "right"), fit("漢字", 3), fit("abcdef", 4)]).toEqual([
    "ab  ",
    "  ab",
    "漢…",
    "abc…",
  ]);
});

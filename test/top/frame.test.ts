import { expect, test } from "bun:test";
import { frame } from "../../src/top/frame.ts";

/** What stands between the marks that make it one change. */
const inside = (text: string): string => text.replace("\u001B[?2026h", "").replace("\u001B[?2026l", "");

test.each([
  [
    "at first all of it is drawn, on a blank screen",
    null,
    ["a", "b"],
    "\u001B[2J\u001B[1;1Ha\u001B[K\u001B[2;1Hb\u001B[K",
  ],
  ["then only lines that differ", ["a", "b"], ["a", "c"], "\u001B[2;1Hc\u001B[K"],
  ["an emptied line is erased", ["a", "b"], ["", "b"], "\u001B[1;1H\u001B[K"],
  ["after a full line nothing is erased: the cursor stands on its end", ["a"], ["abcd"], "\u001B[1;1Habcd"],
  ["colours take no room", ["a"], ["\u001B[31mabcd\u001B[0m"], "\u001B[1;1H\u001B[31mabcd\u001B[0m"],
  ["wide characters take two columns", ["a"], ["漢字"], "\u001B[1;1H漢字"],
])("%s", (_, before, after, expected) => expect(inside(frame(before, after, 4))).toBe(expected));

test("where nothing differs nothing is written", () => expect(frame(["a", "b"], ["a", "b"], 4)).toBe(""));

import { expect, test } from "bun:test";
import { TextLines } from "../../../src/runtime/tasks/text-lines.ts";

/** What becomes of these chunks when a line may have ten characters. */
function heard(chunks: readonly (string | Uint8Array)[], end = true): readonly string[] {
  const said: string[] = [];
  const lines = new TextLines(10, {
    line: (line) => said.push(line),
    tooLong: (start) => said.push(`too long: ${start}`),
  });
  for (const chunk of chunks) lines.push(typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk);
  if (end) lines.end();
  return said;
}

const euro = new TextEncoder().encode("€");

test.each<[string, readonly (string | Uint8Array)[], readonly string[]]>([
  ["whole lines", ["a\nb\n"], ["a", "b"]],
  ["a line in pieces", ["a", "b", "c\nd", "e\n"], ["abc", "de"]],
  ["empty lines", ["\n\na\n"], ["", "", "a"]],
  ["a letter in pieces", [euro.slice(0, 1), euro.slice(1), "\n"], ["€"]],
  ["bytes that are no UTF-8", [new Uint8Array([0x61, 0xff, 0x0a])], ["a\u{fffd}"]],
  ["an end without a newline", ["a\nb"], ["a", "b"]],
  ["half a letter at the end", [euro.slice(0, 2)], ["\u{fffd}"]],
  ["as long as allowed", ["0123456789\n"], ["0123456789"]],
  ["a line too long", ["0123456789x\nb\n"], ["too long: 0123456789x", "b"]],
  [
    "a line too long in pieces, told once",
    ["01234", "56789", "abc", "def", "g\nb\n"],
    ["too long: 0123456789abc", "b"],
  ],
  ["a line too long without an end", ["0123456789abc"], ["too long: 0123456789abc"]],
])("%s", (_, chunks, expected) => {
  expect(heard(chunks)).toEqual([...expected]);
});

test("a line is heard with its newline, not before", () => {
  expect(heard(["abc"], false)).toEqual([]);
});

import { describe, expect, test } from "bun:test";
import { LineSplitter } from "../../../src/core/output/line-splitter.ts";
import { seeded } from "./json-generator.ts";

interface Line {
  readonly text: string;
  readonly droppedBytes: number;
}

/** A splitter with what it gave out and what memory it asked for. */
function watched(maxLineBytes: number) {
  const lines: Line[] = [];
  const allocated: number[] = [];
  const splitter = new LineSplitter(maxLineBytes, (bytes) => {
    allocated.push(bytes);
    return Buffer.alloc(bytes, "\n");
  });
  const onLine = (bytes: Buffer, start: number, end: number, droppedBytes: number): void => {
    lines.push({ text: bytes.toString("latin1", start, end), droppedBytes });
  };
  /** From the middle of a buffer that has other newlines in it, overwritten afterwards as a reused buffer would be. */
  const push = (text: string): void => {
    const chunk = Buffer.from(`a\nb${text}c\nd`, "latin1");
    splitter.push(chunk, 3, 3 + text.length, onLine);
    chunk.fill("#");
  };
  return { lines, allocated, splitter, push, flush: () => splitter.flush(onLine) };
}

const whole = (...texts: string[]): Line[] => texts.map((text) => ({ text, droppedBytes: 0 }));

describe("LineSplitter", () => {
  test.each([
    ["lines in one chunk", ["one\ntwo\n\nthree\n"], whole("one", "two", "", "three")],
    ["a line in many chunks", ["o", "n", "e", "\n"], whole("one")],
    ["a newline at the beginning of a chunk", ["one", "\ntwo\n"], whole("one", "two")],
    ["an end and a beginning in one chunk", ["on", "e\ntwo\nth", "ree\n"], whole("one", "two", "three")],
    ["empty chunks", ["", "on", "", "e\n", ""], whole("one")],
    ["returns, which stay", ["one\r", "\ntwo\r\n"], whole("one\r", "two\r")],
    ["an unfinished line, which waits", ["one\ntwo"], whole("one")],
  ])("gives out %s", (_, chunks, expected) => {
    const { push, lines } = watched(100);
    for (const chunk of chunks) push(chunk);
    expect(lines).toEqual(expected);
  });

  test.each([
    [
      "inside a chunk",
      ["abcdefgh\nab\n"],
      [
        { text: "abcde", droppedBytes: 3 },
        { text: "ab", droppedBytes: 0 },
      ],
    ],
    [
      "over chunks",
      ["abc", "def", "gh", "\nab\n"],
      [
        { text: "abcde", droppedBytes: 3 },
        { text: "ab", droppedBytes: 0 },
      ],
    ],
    ["and nothing of one that just fits", ["abc", "de\n", "abcde\n"], whole("abcde", "abcde")],
  ])("cuts a line that is too long %s", (_, chunks, expected) => {
    const { push, lines } = watched(5);
    for (const chunk of chunks) push(chunk);
    expect(lines).toEqual(expected);
  });

  test("copies nothing of lines that lie inside a chunk, and asks for no memory", () => {
    const { splitter, allocated } = watched(100);
    const chunk = Buffer.from("one\ntwo\n");
    const seen: unknown[] = [];
    splitter.push(chunk, 0, chunk.length, (bytes, start, end) => seen.push(bytes === chunk, start, end));
    expect(seen).toEqual([true, 0, 3, true, 4, 7]);
    expect(allocated).toEqual([]);
  });

  test("holds twice the longest line at most while a line of 10 MB arrives, and lets go of it after", () => {
    const { push, lines, allocated } = watched(1_000_000);
    for (let sent = 0; sent < 10_000_000; sent += 65_536) push("x".repeat(65_536));
    expect(allocated.slice(-2).reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(2_000_000);
    expect(allocated.length).toBeLessThan(10);
    expect(Math.max(...allocated)).toBe(1_000_000);
    push("\nshort");
    expect(lines).toEqual([{ text: "x".repeat(1_000_000), droppedBytes: 153 * 65_536 - 1_000_000 }]);
    expect(allocated.at(-1)).toBe(5);
  });

  test("asks for memory a few times only while a line drips in byte by byte", () => {
    const { push, lines, allocated } = watched(1 << 20);
    for (let sent = 0; sent < 5_000; sent++) push("x");
    push("\n");
    expect(lines[0]?.text.length).toBe(5_000);
    expect(allocated.length).toBeLessThan(20);
  });

  test("can be pushed to while it gives out a line", () => {
    const splitter = new LineSplitter(10, (bytes) => Buffer.alloc(bytes));
    const seen: string[] = [];
    const again = (bytes: Buffer, start: number, end: number): void => {
      seen.push(bytes.toString("latin1", start, end));
      if (seen.length === 1) splitter.push(Buffer.from("inner\n"), 0, 6, again);
    };
    splitter.push(Buffer.from("out"), 0, 3, again);
    splitter.push(Buffer.from("er\n"), 0, 3, again);
    expect(seen).toEqual(["outer", "inner"]);
  });
});

describe("flush", () => {
  test("gives out the unfinished line, once", () => {
    const { push, flush, lines, splitter } = watched(100);
    push("one\ntwo");
    expect(splitter.hasRest).toBe(true);
    flush();
    flush();
    expect(lines).toEqual(whole("one", "two"));
    expect(splitter.hasRest).toBe(false);
  });

  test("tells how much of it was cut off", () => {
    const { push, flush, lines } = watched(3);
    push("abcde");
    flush();
    expect(lines).toEqual([{ text: "abc", droppedBytes: 2 }]);
  });

  test.each([[""], ["\r"], ["\r\r"]])("gives out nothing for %j", (rest) => {
    const { push, flush, lines, splitter } = watched(100);
    push(`one\n${rest}`);
    expect(splitter.hasRest).toBe(false);
    flush();
    expect(lines).toEqual(whole("one"));
  });

  test.each([
    ["a newline alone is the end of what was given out", ["\n", "two\n"], ["one", "two"]],
    ["so it is with a return before it", ["\r", "\ntwo\n"], ["one", "two"]],
    ["only the first newline is", ["\n\ntwo\n"], ["one", "", "two"]],
    ["more text is a line of its own", [" more\n", "\n"], ["one", " more", ""]],
  ])("after it, %s", (_, chunks, expected) => {
    const { push, flush, lines } = watched(100);
    push("one");
    flush();
    for (const chunk of chunks) push(chunk);
    expect(lines).toEqual(whole(...expected));
  });
});

test("3,000 streams cut into chunks anywhere give the same lines as in one piece, whatever the longest line", () => {
  const random = seeded(42);
  for (let round = 0; round < 3_000; round++) {
    const maxLineBytes = 1 + random(30);
    const text = Array.from({ length: random(120) }, () => "\n\n\r\u00ffabcdefgh"[random(12)]).join("");
    const expected = text.split("\n").map((line) => ({
      text: line.slice(0, maxLineBytes),
      droppedBytes: Math.max(0, line.length - maxLineBytes),
    }));
    if (/^\r*$/.test(expected.at(-1)!.text) && expected.at(-1)!.droppedBytes === 0) expected.pop();

    const { push, flush, lines } = watched(maxLineBytes);
    for (let at = 0; at < text.length;) {
      const next = at + 1 + random(1 + random(60));
      push(text.slice(at, next));
      at = next;
    }
    flush();
    expect(lines).toEqual(expected);
  }
});

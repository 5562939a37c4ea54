import { describe, expect, test } from "bun:test";
import type { LogRecord } from "../../../src/core/farm/log-record.ts";
import { jsonLine, plainText } from "../../../src/core/farm/log-text.ts";

const at = new Date("2026-11-22T00:34:18.123Z");
const withContext = (context: LogRecord["context"]): LogRecord => ({ level: "info", message: "It is so.", context });
const cycle: unknown[] = [];
cycle.push(cycle);

describe("jsonLine", () => {
  test("a record has the shape of Monolog's, byte for byte", () => {
    expect(jsonLine({ level: "warning", message: "Worker started.", context: { worker: 1, consumer: "a" } }, at)).toBe(
      '{"message":"Worker started.","context":{"worker":1,"consumer":"a"},"level":300,"level_name":"WARNING",' +
        '"channel":"pm","datetime":"2026-11-22T00:34:18.123+00:00","extra":{}}',
    );
  });

  test.each([
    ["debug", 100, "DEBUG"],
    ["info", 200, "INFO"],
    ["warning", 300, "WARNING"],
    ["error", 400, "ERROR"],
  ] as const)("%s is level %d, %s", (level, number, name) => {
    expect(JSON.parse(jsonLine({ level, message: "It is so.", context: {} }, at))).toMatchObject({
      level: number,
      level_name: name,
    });
  });

  test.each([
    ["a newline", { a: "x\ny" }, { a: "x\ny" }],
    ["an error, without its stack", { a: new Error("broken\n    at f (x.ts:1:2)") }, { a: "broken" }],
    ["a stack in a text", { a: "Error: no\n    at f (x.ts:1:2)\n    at g (y.ts:3:4)" }, { a: "Error: no" }],
    ["an error further in", { a: { b: [new Error("broken")] } }, { a: { b: ["broken"] } }],
    ["a big integer", { a: 9_007_199_254_740_993n }, { a: "9007199254740993" }],
    ["what JSON has no word for", { a: undefined, b: 1 }, { a: "undefined", b: 1 }],
    ["a cycle, which harms no other value", { a: cycle, b: 1 }, { a: "", b: 1 }],
  ])("%s in the context stays one line of JSON", (_, given, expected) => {
    const line = jsonLine(withContext(given), at);
    expect(line).not.toInclude("\n");
    expect(JSON.parse(line).context).toEqual(expected);
  });
});

describe("plainText", () => {
  test.each([
    ["words and numbers stand bare", { worker: 1, consumer: "async" }, "worker=1 consumer=async"],
    ["text with spaces is quoted", { error: "no such file" }, 'error="no such file"'],
    ["text with quotes is quoted", { error: 'a"b' }, 'error="a\\"b"'],
    ["empty text is seen", { error: "" }, 'error=""'],
    ["lists of words are joined", { transports: ["async", "high"] }, "transports=async,high"],
    ["an object is JSON", { consumers: { a: ["b"] } }, 'consumers={"a":["b"]}'],
    ["a newline stays on the line", { error: "a\nb" }, 'error="a\\nb"'],
    [
      "an escape sequence does not reach the terminal",
      { a: "\u001B[31m", b: "\u009B31m" },
      'a="\\u001b[31m" b="\\u009b31m"',
    ],
  ])("%s", (_, context, text) => {
    expect(plainText(withContext(context))).toEqual({ message: "It is so.", context: text });
  });

  test("a message of several lines stays on one and brings no stack", () => {
    const message = "It broke:\nbadly\n    at f (x.ts:1:2)";
    expect(plainText({ level: "error", message, context: {} }).message).toBe("It broke:\\u000abadly");
  });
});

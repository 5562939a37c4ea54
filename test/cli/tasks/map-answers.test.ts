import { describe, expect, test } from "bun:test";
import { type FailedLine, MapAnswers } from "../../../src/cli/tasks/map-answers.ts";

const text =
  '{"id":1,"result":{"a":1}}\n{"id":2,"error":{"code":"failed","message":"no \\"ü\\"","details":{}}}\n{"id":3,"result":"error"}\n';

const never = (): boolean => false;

/** All of it in pieces of so many bytes. */
function run(answers: MapAnswers, bytes: Buffer, size: number): { out: string; failed: FailedLine[]; stop: unknown } {
  let out = "";
  const failed: FailedLine[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const portion = answers.push(bytes.subarray(at, at + size));
    out += portion.out.toString();
    failed.push(...portion.failed);
    if (portion.stop !== null) return { out, failed, stop: portion.stop };
  }
  return { out, failed, stop: null };
}

describe.each([1, 2, 7, 30, 1_000])("in pieces of %i bytes", (size) => {
  const failed = [{ line: 2, code: "failed", message: 'no "ü"' }];

  test("lines pass as they are, and those that failed are told", () => {
    const answers = new MapAnswers(0, false, never);
    expect(run(answers, Buffer.from(text), size)).toEqual({ out: text, failed, stop: null });
    expect([answers.lines, answers.failed, answers.rest]).toEqual([3, 1, 0]);
  });

  test("results alone are null where one failed", () => {
    const answers = new MapAnswers(0, true, never);
    expect(run(answers, Buffer.from(text), size)).toEqual({ out: '{"a":1}\nnull\n"error"\n', failed, stop: null });
  });

  test("a failure can end it, and is not written", () => {
    const answers = new MapAnswers(0, false, ({ code }) => code === "failed");
    expect(run(answers, Buffer.from(text), size)).toEqual({
      out: '{"id":1,"result":{"a":1}}\n',
      failed: [],
      stop: failed[0],
    });
    expect([answers.lines, answers.failed]).toEqual([1, 0]);
  });

  test("a line out of its order is nonsense", () => {
    const answers = new MapAnswers(1, false, never);
    expect(run(answers, Buffer.from('{"id":2,"result":1}\n{"id":4,"result":1}\n'), size)).toEqual({
      out: '{"id":2,"result":1}\n',
      failed: [],
      stop: "nonsense",
    });
  });

  test("a line that is not finished is not written", () => {
    const answers = new MapAnswers(0, false, never);
    expect(run(answers, Buffer.from('{"id":1,"result":1}\n{"id":2'), size).out).toBe('{"id":1,"result":1}\n');
    expect([answers.lines, answers.rest]).toEqual([1, 7]);
  });
});

test.each(["hello\n", '{"n":1}\n', "\n"])("%j is no answer", (line) => {
  expect(new MapAnswers(0, false, never).push(Buffer.from(line)).stop).toBe("nonsense");
});

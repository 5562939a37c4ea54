import { describe, expect, test } from "bun:test";
import { parseTaskLine, taskLine } from "../../src/protocol/jsonl-tasks.ts";

test("a task is one line with the payload as it was handed in", () => {
  expect(taskLine(7, '{"n":12345678901234567890}')).toBe('{"id":7,"payload":{"n":12345678901234567890}}\n');
});

describe("parseTaskLine passes on a result exactly as it was written", () => {
  test.each([
    ['{"id":7,"result":null}', 7, "null"],
    ['{"id":0,"result":"x"}', 0, '"x"'],
    ['{"id":7,"result":12345678901234567890}', 7, "12345678901234567890"],
    ['{"id":7,"result":1.0}', 7, "1.0"],
    ['{"id":7,"result":{"b":1,"2":2,"1":1,"b":3}}', 7, '{"b":1,"2":2,"1":1,"b":3}'],
    ['{"id":7,"result":{"id":9,"error":"inner"}}', 7, '{"id":9,"error":"inner"}'],
    ['{"id":7,"result":"}"}', 7, '"}"'],
    ['{"id":7,"result":"\\u0041"}', 7, '"\\u0041"'],
    ['{"id":7,"result":["ü","\u2028"]}', 7, '["ü","\u2028"]'],
    [' { "id" : 7 , "result" : [ 1 ] } \r', 7, "[ 1 ]"],
    ['{"id":9007199254740991,"result":1}', 9_007_199_254_740_991, "1"],
  ])("%j", (line, id, result) => {
    expect(parseTaskLine(line)).toEqual({ kind: "answer", id, answer: { ok: true, result } });
  });
});

describe("parseTaskLine finds the result in any other shape", () => {
  test.each([
    ['{"result":[1, 2],"id":7}', "[1, 2]"],
    ['{"result":12345678901234567890,"error":null,"id":7}', "12345678901234567890"],
    ['{"id":7,"result":1,"result":2}', "2"],
    ['{"id":7,"result":{"a":1},"more":{"b":2}}', '{"a":1}'],
    ['{"id":7,"took":5,"result":false}', "false"],
    ['{"id":8,"id":7,"result":1}', "1"],
    ['{"id":7,"result":1,"id":7}', "1"],
    ['{"id":7.0,"result":1}', "1"],
    ['{"id":0.7e1,"result":1}', "1"],
    ['{"\\u0069d":7,"result":1}', "1"],
    ['{"id":7,"result":1,"error":null}', "1"],
    ['{"id":7,"result":[1,\r2]}', "[1, 2]"],
    ['{"id":7,"result":[1,\r\n2]}', "[1, 2]"],
    ['{"result":[1,\n2],"id":7}', "[1, 2]"],
  ])("%j", (line, result) => {
    expect(parseTaskLine(line)).toEqual({ kind: "answer", id: 7, answer: { ok: true, result } });
  });
});

describe("parseTaskLine takes every form of an error", () => {
  const noReason = "the worker gave no reason";
  test.each([
    ['{"id":7,"error":"no such file"}', "no such file", null, "failed"],
    ['{"id":7,"error":{"message":"no"}}', "no", null, "failed"],
    ['{"id":7,"error":{"message":"no","retry":true}}', "no", null, "failed"],
    ['{"id":7,"error":{"message":"no","retry":false}}', "no", null, "final"],
    ['{"id":7,"error":{"message":"no","retry":"false"}}', "no", null, "failed"],
    [
      '{"id":7,"error":{"class":"E","message":"no","retry":false,"at":[1, 2]}}',
      "no",
      '{"class":"E","at":[1,2]}',
      "final",
    ],
    ['{"id":7,"error":{"message":"two\\n  lines\\r\\n\\tof it "}}', "two lines of it", null, "failed"],
    ['{"id":7,"error":{"code":5}}', noReason, '{"code":5}', "failed"],
    ['{"id":7,"error":{"message":["a"]}}', noReason, null, "failed"],
    ['{"id":7,"error":{}}', noReason, null, "failed"],
    ['{"id":7,"error":""}', noReason, null, "failed"],
    ['{"id":7,"error":false}', noReason, "false", "failed"],
    ['{"id":7,"error":["a","b"]}', noReason, '["a","b"]', "failed"],
    ['{"id":7,"result":null,"error":{"message":"no"}}', "no", null, "failed"],
    ['{"id":7,"result":1,"error":"no"}', "no", null, "failed"],
    ['{"id":7,"error":"\\ud800"}', "\ufffd", null, "failed"],
    ['{"id":7,"error":{"message":"no","__proto__":{"retry":false}}}', "no", null, "failed"],
  ] as const)("%j", (line, message, details, kind) => {
    expect(parseTaskLine(line)).toEqual({ kind: "answer", id: 7, answer: { ok: false, message, details, kind } });
  });
});

test.each([
  [""],
  ["hello"],
  ["null"],
  ["7"],
  ["[]"],
  ['[{"id":7,"result":1}]'],
  ['"{}"'],
  ["{}"],
  ['{"id":7}'],
  ['{"id":7,"error":null}'],
  ['{"result":1}'],
  ['{"id":"7","result":1}'],
  ['{"id":-1,"result":1}'],
  ['{"id":-0.5,"result":1}'],
  ['{"id":1.5,"result":1}'],
  ['{"id":1e300,"result":1}'],
  ['{"id":1e999,"result":1}'],
  ['{"id":9007199254740993,"result":1}'],
  ['{"id":99999999999999999999,"result":1}'],
  ['{"id":007,"result":1}'],
  ['{"id":NaN,"result":1}'],
  ['{"id":7,"result":NaN}'],
  ['{"id":7,"result":}'],
  ['{"id":7,"result":1'],
  ['{"id":7,"result":1}}'],
  ['{"id":7,"result":{}},{"a":{}}'],
  ['{"id":7,"result":1}{"id":8,"result":1}'],
  ['{"id":7,"result":1} trailing'],
  ['{"id":7,"result":1}\u00a0'],
  ['\ufeff{"id":7,"result":1}'],
  ["{'id':7,'result':1}"],
  ['{"id":7,"result":"\u0000"}'],
  ['{"id":null,"result":1}'],
  ['{"id":7,"__proto__":{"result":1}}'],
])("%j is no answer", (line) => {
  expect(parseTaskLine(line)).toEqual({ kind: "garbage" });
});

test.each([
  ["last", (deep: string) => `{"id":1,"result":${deep}}`],
  ["first", (deep: string) => `{"result":${deep},"id":1}`],
])("a result nested too deeply to be written again is passed on where it stands %s", (_, line) => {
  const deep = "[".repeat(200_000) + "]".repeat(200_000);
  expect(parseTaskLine(line(deep))).toEqual({ kind: "answer", id: 1, answer: { ok: true, result: deep } });
});

test("details nested too deeply to be written again are left out", () => {
  const line = `{"id":1,"error":{"message":"no","at":${"[".repeat(200_000)}${"]".repeat(200_000)}}}`;
  const answer = { ok: false, message: "no", details: null, kind: "failed" } as const;
  expect(parseTaskLine(line)).toEqual({ kind: "answer", id: 1, answer });
});

test("a long message of an error is cut", () => {
  const answer = { ok: false, message: "x".repeat(1_000), details: null, kind: "failed" } as const;
  expect(parseTaskLine(JSON.stringify({ id: 1, error: "x".repeat(2_000) }))).toEqual({ kind: "answer", id: 1, answer });
});

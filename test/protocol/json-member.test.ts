import { expect, test } from "bun:test";
import { memberText, onOneLine } from "../../src/protocol/json-member.ts";

test.each([
  ['{"a":1}', "a", "1"],
  ['{"a":9007199254740993,"b":2}', "a", "9007199254740993"],
  [' { "b" : [1,{"a":2}] ,\n"a" : {"x":[ "}" ]} } ', "a", '{"x":[ "}" ]}'],
  ['{"x":"\\\\","a":"\\"}\\\\"}', "a", '"\\"}\\\\"'],
  ['{"\\u0061":true}', "a", "true"],
  ['{"a":1,"a":-2.50e3}', "a", "-2.50e3"],
  ['{"b":{"a":1}}', "a", null],
  ["{}", "a", null],
  ['{"a":[]}', "a", "[]"],
])("%s holds %s as %p", (json, name, text) => {
  expect(memberText(json, name)).toBe(text);
});

test.each([
  [" 1 ", "1"],
  ['{"a":\r\n"x\\ny",\n\n"b":2}\n', '{"a": "x\\ny", "b":2}'],
])("%j on one line is %j", (json, line) => {
  expect(onOneLine(json)).toBe(line);
});

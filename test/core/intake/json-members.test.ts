import { expect, test } from "bun:test";
import { withMembers } from "../../../src/core/intake/json-members.ts";

test.each([
  ["{}", { a: "1" }, '{"a":1}'],
  ["{ }", { a: "1", b: "2" }, '{ "a":1,"b":2}'],
  ['{"a":1}', { a: '"x"' }, '{"a":"x"}'],
  ['{"a" : 1 , "b":2}', { a: "3" }, '{"a" :3, "b":2}'],
  ['{"a":{"b":1},"b":[{"b":2}]}', { b: "0" }, '{"a":{"b":1},"b":0}'],
  ['{"id":12345678901234567890,"x":1.0}', { y: "2" }, '{"id":12345678901234567890,"x":1.0,"y":2}'],
  [String.raw`{"a":"} , \" ]","b":"\\"}`, { b: "1" }, String.raw`{"a":"} , \" ]","b":1}`],
  [String.raw`{"\u0061":1}`, { a: "2" }, String.raw`{"\u0061":2}`],
  ['{"a":1,"a":2}', { a: "3" }, '{"a":3,"a":3}'],
  [' {"a":[]} ', { b: "[]" }, ' {"a":[],"b":[]} '],
  ['{"__proto__":1}', { constructor: "2" }, '{"__proto__":1,"constructor":2}'],
])("%s with %j is %s", (object, changes, expected) => {
  expect(withMembers(object, changes)).toBe(expected);
});

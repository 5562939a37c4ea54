import { expect, test } from "bun:test";
import { whereNoJson } from "../../../src/cli/tasks/json-place.ts";

test.each(['{"a":[1,-2.5e3,true,null,{}],"b":""}', " [ ] \n", '"\\u00e9\\n\u007f"', "0", '{"a" : {"b":[[],{}]}}'])(
  "%j is JSON",
  (text) => {
    expect(() => JSON.parse(text)).not.toThrow();
    expect(whereNoJson(text)).toBeNull();
  },
);

test.each([
  ["", "line 1, column 1"],
  ['{"a":tru}', "line 1, column 6"],
  ['{"a":1,}', "line 1, column 8"],
  ["[1,\n 2,]", "line 2, column 4"],
  ["[1 2]", "line 1, column 4"],
  ["01", "line 1, column 2"],
  ['{"a" 1}', "line 1, column 6"],
  ["{a:1}", "line 1, column 2"],
  ["[1}", "line 1, column 3"],
  ['["', "line 1, column 2"],
  ["1 1", "line 1, column 3"],
  ["'a'", "line 1, column 1"],
  ['"a\nb"', "line 1, column 1"],
  ["]", "line 1, column 1"],
  ["[1", "line 1, column 3"],
])("%j is none from %s on", (text, place) => {
  expect(() => JSON.parse(text)).toThrow();
  expect(whereNoJson(text)).toBe(place);
});

import { describe, expect, test } from "bun:test";
import { jsonPlace, placeText, placeWords, within } from "../../src/protocol/fastcgi-json.ts";

const placeOf = (text: string) => jsonPlace(new TextEncoder().encode(text));

describe("a body", () => {
  test.each(["{}", "[]", " \n1 ", '"a"', "null", "true", "-0.50e+1", '{"a":[1,{"b":"}"}]}', "[ ]", '"\\""', "[1]\n"])(
    "that is JSON keeps its text: %j",
    (text) => {
      const place = placeOf(text);
      expect(place === null ? null : placeText(place)).toBe(text.trim());
    },
  );

  test.each([
    "",
    " ",
    "text",
    "{",
    "1 2",
    '1,"a":2',
    '1}{"":2',
    "nul",
    "'a'",
    "{} x",
    '{"a":}',
    "01",
    "\u00201}",
    "-",
    "]",
  ])("that is something else is not taken for JSON: %j", (text) => expect(placeOf(text)).toBeNull());

  test("that is no UTF-8 is not taken for JSON", () => {
    expect(jsonPlace(Uint8Array.of(0x22, 0xff, 0x22))).toBeNull();
  });

  test("on many lines becomes one line, numbers and strings as they were", () => {
    const place = placeOf(
      '{\n    "a": 1.50,\r\n    "b": [\n        12345678901234567890,\n        "x\\ny  z"\n    ]\n}',
    );
    expect(place === null ? null : placeText(place)).toBe('{"a": 1.50,"b": [12345678901234567890,"x\\ny  z"]}');
  });
});

describe("a value within", () => {
  const text = '{ "a" : [10, {"b":"\\u00fc\\n"}, [], 3e2 ] ,"\\u0063":null,"d":1,"d":12345678901234567890 }';

  test.each([
    [["a"], '[10, {"b":"\\u00fc\\n"}, [], 3e2 ]'],
    [["a", "0"], "10"],
    [["a", "1", "b"], "ü\n"],
    [["a", "2"], "[]"],
    [["a", "3"], "3e2"],
    [["c"], "null"],
    [["d"], "12345678901234567890"],
    [["a", "4"], null],
    [["a", "2", "0"], null],
    [["a", "01"], null],
    [["a", "b"], null],
    [["a", "0", "0"], null],
    [["e"], null],
  ])("%j is %j", (path, words) => {
    let place = placeOf(text);
    for (const name of path) place = place === null ? null : within(place, name);
    expect(place === null ? null : placeWords(place)).toBe(words);
  });
});

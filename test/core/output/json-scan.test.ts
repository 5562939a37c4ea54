import { describe, expect, test } from "bun:test";
import { JsonScanner } from "../../../src/core/output/json-scan.ts";
import { jsonLine, jsonValue, pick, type Random, seeded } from "./json-generator.ts";

const scanner = new JsonScanner();

function scan(line: string | Uint8Array): boolean {
  const bytes = Buffer.from(line);
  return scanner.scan(bytes, 0, bytes.length);
}

describe("JsonScanner accepts", () => {
  test.each([
    ["one member", '{"a":1}'],
    ["an empty key", '{"":null}'],
    ["white space everywhere", ' \t\r\n{ "a" : [ 1 , { } ] , "b" : "" }\r '],
    ["every escape", String.raw`{"\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00":"\udfff"}`],
    ["numbers of every form", '{"a":[0,-0,-1,10,1.5,0.0,1e1,1E-1,1.25e+10,9007199254740993,1e999]}'],
    ["literals", '{"a":true,"b":false,"c":null}'],
    [
      "characters of two, three and four bytes at their limits",
      '{"a":"\u0080\u07ff\u0800\ud7ff\ue000\uffff\u{10000}\u{10ffff}"}',
    ],
    ["DEL and the line separators", '{"a":"\u007f\u2028\u2029"}'],
    ["empty containers in containers", '{"a":{},"b":[],"c":[[],{}]}'],
  ])("%s", (_, line) => {
    expect(scan(line)).toBe(true);
  });
});

describe("JsonScanner refuses", () => {
  test.each([
    ["nothing", ""],
    ["space", "  "],
    ["an empty object", "{}"],
    ["an empty object with space", " { \t} "],
    ["a list", "[1,2,3]"],
    ["a scalar", "null"],
    ["a bare word", "{bad json}"],
    ["something behind the object", '{"a":1}x'],
    ["two objects", '{"a":1}{"b":2}'],
    ["a missing brace", '{"a":1'],
    ["the wrong bracket", '{"a":[1}]'],
    ["a comma too many", '{"a":1,}'],
    ["a comma too many in a list", '{"a":[1,]}'],
    ["a comma at the beginning", '{,"a":1}'],
    ["a missing colon", '{"a" 1}'],
    ["a missing value", '{"a":}'],
    ["a key without quotes", "{a:1}"],
    ["single quotes", "{'a':1}"],
    ["a leading zero", '{"a":01}'],
    ["a lone minus", '{"a":-}'],
    ["a point without digits", '{"a":1.}'],
    ["a point without an integer", '{"a":.5}'],
    ["an exponent without digits", '{"a":1e+}'],
    ["a plus sign", '{"a":+1}'],
    ["NaN", '{"a":NaN}'],
    ["a cut literal", '{"a":tru'],
    ["a literal in capitals", '{"a":True}'],
    ["a literal with more behind it", '{"a":nulll}'],
    ["an unknown escape", String.raw`{"a":"\x"}`],
    ["a short \\u", String.raw`{"a":"\u12"}`],
    ["a \\u that is no hex", String.raw`{"a":"\u12g4"}`],
    ["a backslash at the end", '{"a":"\\'],
    ["a tab inside a string", '{"a":"\t"}'],
    ["NUL inside a string", '{"a":"\0"}'],
    ["a string without its end", '{"a":"abc'],
    ["a byte order mark", '\ufeff{"a":1}'],
    ["a no-break space outside strings", '{"a":\u00a01}'],
    ["a comment", '{"a":1/**/}'],
  ])("%s", (_, line) => {
    expect(scan(line)).toBe(false);
  });

  test.each([
    ["an overlong form of two bytes", [0xc1, 0xbf]],
    ["an overlong form of three bytes", [0xe0, 0x9f, 0xbf]],
    ["an overlong form of four bytes", [0xf0, 0x8f, 0xbf, 0xbf]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["a character beyond U+10FFFF", [0xf4, 0x90, 0x80, 0x80]],
    ["a lead byte that does not exist", [0xf5, 0x80, 0x80, 0x80]],
    ["a continuation byte alone", [0x80]],
    ["a sequence cut short", [0xe2, 0x82]],
    ["a lead byte alone", [0xc3]],
  ])("%s", (_, bytes) => {
    expect(scan(Uint8Array.of(...Buffer.from('{"a":"'), ...bytes, ...Buffer.from('"}')))).toBe(false);
  });
});

describe("JsonScanner tells where to put something", () => {
  test.each([
    ['{"a":1}', "none", null],
    ['{"extras":{"extra":1}}', "none", null],
    ['{"extra":{}}', "emptyObject", "{}"],
    ['{"extra" : { \t} }', "emptyObject", "{ \t}"],
    ['{"extra":{"a":{}},"b":[]}', "object", '{"a":{}}'],
    ['{"extra":[ ]}', "emptyList", "[ ]"],
    ['{"extra":[1,[2]]}', "list", "[1,[2]]"],
    ['{"extra": null ,"b":1}', "other", "null"],
    ['{"extra":"{}"}', "other", '"{}"'],
    ['{"extra":-1.5e3}', "other", "-1.5e3"],
    ['{"extra":{"a":1},"b":2,"extra":[3]}', "list", "[3]"],
    [String.raw`{"\u0065xtra":{"a":1}}`, "object", '{"a":1}'],
    [String.raw`{"extr\u0061":1}`, "other", "1"],
    [String.raw`{"extra\u0000":1}`, "none", null],
    [String.raw`{"\\u0065xtra":1}`, "none", null],
  ] as const)("%s", (line, kind, value) => {
    expect(scan(line)).toBe(true);
    expect(scanner.extraKind).toBe(kind);
    if (value !== null) expect(line.slice(scanner.extraStart, scanner.extraEnd)).toBe(value);
  });

  test.each([
    ['{"a":1}', '{"a":1'],
    [' {"a":"x" \t} ', ' {"a":"x"'],
    ['{"a":1,"b":{"c":[]} }', '{"a":1,"b":{"c":[]}'],
  ])("behind the last member of %s", (line, head) => {
    expect(scan(line)).toBe(true);
    expect(line.slice(0, scanner.lastMemberEnd)).toBe(head);
  });
});

test.each([
  ["lists", "[", "]"],
  ["objects", '{"a":', "}"],
])("a line of 100,000 %s in one another is read without recursion and in linear time", (_, open, close) => {
  const depth = 100_000;
  expect(scan(`{"a":${open.repeat(depth)}0${close.repeat(depth)}}`)).toBe(true);
  expect(scan(`{"a":${open.repeat(depth)}0${close.repeat(depth - 1)}}`)).toBe(false);
  expect(scan(`{"a":${open.repeat(depth)}`)).toBe(false);
});

test("containers of both kinds are told apart at every depth", () => {
  const random = seeded(3);
  const opened = Array.from({ length: 3_000 }, () => random(2));
  const head = opened.map((kind) => (kind === 0 ? "[" : '{"a":')).join("");
  const tail = opened.toReversed().map((kind) => (kind === 0 ? "]" : "}"));
  expect(scan(`{"x":${head}1${tail.join("")}}`)).toBe(true);
  for (const at of [0, 1, 31, 32, 1_000, 2_999]) {
    const wrong = tail.with(at, tail[at] === "]" ? "}" : "]");
    expect(scan(`{"x":${head}1${wrong.join("")}}`)).toBe(false);
  }
});

test.each(["}", '"}', "0}", "e1}", ".5}", " }", "\n}", "ull}", "\\n", "\u00e9"])(
  "what stands behind the line is not looked at (%j)",
  (behind) => {
    for (const line of [
      '{"a":1',
      '{"a":"x',
      '{"a":n',
      '{"a":[',
      '{"a":"x"',
      '{"a":1.',
      '{"a":-',
      '{"a"',
      "{",
      '{"a":"\\',
    ]) {
      const bytes = Buffer.from(`}${line}${behind}`);
      expect(scanner.scan(bytes, 1, 1 + line.length)).toBe(false);
    }
    const bytes = Buffer.from(`{{"a":1}${behind}`);
    expect(scanner.scan(bytes, 1, 8)).toBe(true);
  },
);

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What the scanner must find, by the platform's own decoder and parser; null for what is no object with a member. */
function reference(bytes: Uint8Array): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(decoder.decode(bytes));
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject && Object.keys(value).length > 0 ? { ...value } : null;
  } catch {
    return null;
  }
}

const ODD_BYTES = [...Buffer.from('{}[],:"\\ue0.-+E1 \t\n\0x'), 0x80, 0xbf, 0xc0, 0xc3, 0xe2, 0xed, 0xf0, 0xf4, 0xff];

function mutate(random: Random, bytes: Uint8Array): Uint8Array {
  const at = random(bytes.length);
  const kind = random(4);
  const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at + 1 + random(2) * random(6))];
  if (kind === 0) return Buffer.concat([head, tail]);
  if (kind === 1) return Buffer.concat([head, Uint8Array.of(pick(random, ODD_BYTES)), bytes.subarray(at)]);
  if (kind === 2) return Buffer.concat([head, Uint8Array.of(pick(random, ODD_BYTES)), tail]);
  return random(2) === 0 ? head : Buffer.concat([head, bytes.subarray(random(bytes.length))]);
}

test("every byte is judged alike at every place in a string", () => {
  for (let byte = 0; byte < 256; byte++) {
    for (let before = 0; before < 9; before++) {
      const line = Buffer.from(`{"a":"${"#".repeat(before)}?${"~".repeat(9 - before)}"}`, "latin1");
      line[6 + before] = byte;
      expect(scan(line)).toBe(reference(line) !== null);
    }
  }
});

test("25,000 generated and mutated lines are judged exactly as a strict decoder and JSON.parse judge them", () => {
  const random = seeded(20_261_122);
  let accepted = 0;
  for (let round = 0; round < 25_000; round++) {
    const text = random(8) === 0 ? jsonValue(random) : jsonLine(random).input;
    let line: Uint8Array = Buffer.from(text);
    for (let changes = random(3); changes > 0 && line.length > 0; changes--) line = mutate(random, line);

    const around = Buffer.concat([
      Buffer.from(pick(random, ["", "{", '{"a":1}\n'])),
      line,
      Buffer.from(pick(random, ["", "}", "\n", '"}'])),
    ]);
    const start = around.indexOf(line);
    const expected = reference(line);
    const found = scanner.scan(around, start, start + line.length);
    if (found !== (expected !== null))
      throw new Error(`seen as ${found}: ${JSON.stringify(Buffer.from(line).toString("latin1"))}`);
    if (expected === null) continue;
    accepted++;
    if (scanner.extraKind === "none") expect(Object.hasOwn(expected, "extra")).toBe(false);
    else expect(JSON.parse(around.toString("utf8", scanner.extraStart, scanner.extraEnd))).toEqual(expected["extra"]);
  }
  expect(accepted).toBeGreaterThan(8_000);
  expect(accepted).toBeLessThan(20_000);
});

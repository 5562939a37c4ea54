import { describe, expect, test } from "bun:test";
import { LineEnricher, maxEnrichedBytes } from "../../../src/core/output/enrich.ts";
import { OutputBlock } from "../../../src/core/output/output-block.ts";
import { makeTag, type Tag, type TagSource } from "../../../src/core/output/tag.ts";
import { jsonLine, seeded } from "./json-generator.ts";

const source: TagSource = {
  workerId: 7,
  consumer: "async",
  slot: 2,
  pid: 4711,
  stream: "stdout",
  format: "auto",
  fields: {},
};
const auto = makeTag(source);
const json = makeTag({ ...source, format: "json" });
const raw = makeTag({ ...source, format: "raw" });

const when = "2026-11-22T10:00:00.123+00:00";
const enricher = new LineEnricher(() => when);
const mine = '"worker_id":7,"consumer":"async"';
const frame = (message: string, more = ""): string =>
  `{"message":"${message}","datetime":"${when}","stream":"stdout"${more},"extra":{${mine}}}\n`;

/** The bytes made of a line that lies in the middle of other bytes. */
function enrichBytes(tag: Tag, line: string | Uint8Array, droppedBytes = 0): Buffer {
  const bytes = Buffer.concat([Buffer.from('{"x"'), Buffer.from(line), Buffer.from("}\n")]);
  const room = maxEnrichedBytes(tag, bytes.length - 6);
  const block = new OutputBlock(Buffer.alloc(room + 3));
  block.length = 3;
  const length = enricher.write(tag, bytes, 4, bytes.length - 2, droppedBytes, block);
  expect(length).toBe(block.length);
  expect(length).toBeLessThanOrEqual(room + 3);
  return block.bytes.subarray(3, length);
}

function enrich(tag: Tag, line: string | Uint8Array, droppedBytes = 0): string {
  return enrichBytes(tag, line, droppedBytes).toString();
}

describe("a JSON object keeps every byte and gains members", () => {
  test.each([
    ["without extra", '{"message":"hi"}', `{"message":"hi","extra":{${mine}}}`],
    ["with white space", ' { "a" : 1 } ', ` { "a" : 1,"extra":{${mine}} } `],
    [
      "with an extra of its own",
      '{"message":"hi","extra":{"channel":"app"}}',
      `{"message":"hi","extra":{"channel":"app",${mine}}}`,
    ],
    ["with space in its extra", '{"extra": { "a" : 1 \t} , "b":2}', `{"extra": { "a" : 1,${mine} \t} , "b":2}`],
    ["with an empty extra", '{"extra":{},"b":1}', `{"extra":{${mine}},"b":1}`],
    ["with an empty extra with space in it", '{"extra": { \t} }', `{"extra": {${mine}} }`],
    ["with PHP's empty array", '{"extra":[]}', `{"extra":{${mine}}}`],
    ["with a list", '{"extra":["a", {"b":[1,2]} ,3]}', `{"extra":{"0":"a", "1":{"b":[1,2]} ,"2":3,${mine}}}`],
    ["with extra null", '{"extra":null}', `{"extra":{${mine}}}`],
    ["with extra text", '{"extra":"x"}', `{"extra":{${mine}}}`],
    ["with extra true", '{"extra": true }', `{"extra": {${mine}} }`],
    ["with an extra number", '{"extra":1.50,"b":0}', `{"extra":{${mine}},"b":0}`],
    ["with extra twice", '{"extra":{"a":1},"extra":{"b":2}}', `{"extra":{"a":1},"extra":{"b":2,${mine}}}`],
    ["with extra spelt in escapes", String.raw`{"\u0065xtra":{"a":1}}`, String.raw`{"\u0065xtra":{"a":1,${mine}}}`],
    ["with extra deeper only", '{"context":{"extra":{}}}', `{"context":{"extra":{}},"extra":{${mine}}}`],
    [
      "with big numbers and escapes",
      String.raw`{"n":9007199254740993,"e":1E+2,"u":"\u00e9\/"}`,
      String.raw`{"n":9007199254740993,"e":1E+2,"u":"\u00e9\/","extra":{${mine}}}`,
    ],
  ])("%s", (_, line, expected) => {
    expect(enrich(auto, line)).toBe(`${expected}\n`);
    expect(enrich(json, line)).toBe(`${expected}\n`);
    expect(enrich(raw, line)).toBe(`${line}\n`);
  });

  test.each([
    ["one of ours", '{"extra":{"worker_id":"old","a":1}}', '{"extra":{"worker_id":7,"a":1,"consumer":"async"}}'],
    [
      "both of ours",
      '{"extra":{"consumer":{"a":[1]} ,"worker_id": 1}}',
      '{"extra":{"consumer":"async" ,"worker_id": 7}}',
    ],
    [
      "ours twice",
      '{"extra":{"worker_id":1,"worker_id":2}}',
      '{"extra":{"worker_id":7,"worker_id":7,"consumer":"async"}}',
    ],
    [
      "ours in escapes",
      String.raw`{"extra":{"worker\u005fid":1}}`,
      String.raw`{"extra":{"worker\u005fid":7,"consumer":"async"}}`,
    ],
    ["ours deeper", '{"extra":{"a":{"worker_id":1}}}', `{"extra":{"a":{"worker_id":1},${mine}}}`],
    [
      "ours as a beginning",
      '{"extra":{"worker_id2":1,"consume":2,"":3}}',
      `{"extra":{"worker_id2":1,"consume":2,"":3,${mine}}}`,
    ],
  ])("an extra that has %s is given no key twice", (_, line, expected) => {
    expect(enrich(auto, line)).toBe(`${expected}\n`);
  });
});

describe("whatever else comes is plain text", () => {
  test.each([
    ["nothing", "", ""],
    ["an empty object", "{}", "{}"],
    ["a list", "[1,2,3]", "[1,2,3]"],
    ["a scalar", '"x"', '\\"x\\"'],
    ["malformed JSON", "{bad json}", "{bad json}"],
    ["text", 'say "hi"\\', 'say \\"hi\\"\\\\'],
    ["control characters", "\0\b\t\f\u001b[0m\u001f", "\\u0000\\b\\t\\f\\u001b[0m\\u001f"],
    ["a return in the middle", "10%\r20%", "10%\\r20%"],
    ["characters beyond ASCII", "Zoë 東京 😀\u007f\u2028", "Zoë 東京 😀\u007f\u2028"],
  ])("%s", (_, line, escaped) => {
    expect(enrich(auto, line)).toBe(`[worker 7 async] ${line}\n`);
    expect(enrich(json, line)).toBe(frame(escaped));
    expect(enrich(raw, line)).toBe(`${line}\n`);
    expect(JSON.parse(enrich(json, line)).message).toBe(line);
  });

  test("bytes that are no UTF-8 pass with a prefix, and become U+FFFD only inside JSON, as a browser would have it", () => {
    const pieces = [
      [0x80],
      [0xc3],
      [0xe2, 0x82],
      [0xf0, 0x9f, 0x98],
      [0xed, 0xa0, 0x80],
      [0xc0, 0xaf],
      [0xf4, 0x90, 0x80, 0x80],
      [0xe0, 0x9f],
      [0xff],
    ];
    for (const piece of pieces) {
      const line = Uint8Array.of(...Buffer.from('{"a":"'), ...piece, ...Buffer.from('"}'), ...piece);
      expect(enrichBytes(auto, line)).toEqual(
        Buffer.concat([Buffer.from("[worker 7 async] "), line, Buffer.from("\n")]),
      );
      expect(enrichBytes(raw, line)).toEqual(Buffer.concat([line, Buffer.from("\n")]));
      expect(JSON.parse(enrich(json, line)).message).toBe(new TextDecoder().decode(line));
    }
  });
});

test.each(["é", "東", "😀"])(
  "a character that goes on behind the end of the line is no character of it (%s)",
  (character) => {
    const bytes = Buffer.from(character);
    for (let left = 1; left < bytes.length; left++) {
      const block = new OutputBlock(Buffer.alloc(1_000));
      const length = enricher.write(json, bytes, 0, left, 0, block);
      expect(block.bytes.toString("utf8", 0, length)).toBe(frame("\ufffd"));
    }
  },
);

test.each([
  ["JSON", '{"a":1}\r', `{"a":1,"extra":{${mine}}}\n`, `{"a":1,"extra":{${mine}}}\n`],
  ["text", "hi\r\r", "[worker 7 async] hi\n", frame("hi")],
  ["nothing", "\r", "[worker 7 async] \n", frame("")],
])("returns behind %s belong to the end of the line, but for raw", (_, line, plain, wrapped) => {
  expect(enrich(auto, line)).toBe(plain);
  expect(enrich(json, line)).toBe(wrapped);
  expect(enrich(raw, line)).toBe(`${line}\n`);
});

describe("a line that was cut", () => {
  test("is marked, and is no JSON even when what is left looks like it", () => {
    expect(enrich(auto, '{"a":1}', 5)).toBe('[worker 7 async] {"a":1} [truncated 5 bytes]\n');
    expect(enrich(raw, '{"a":1}', 5)).toBe('{"a":1} [truncated 5 bytes]\n');
    expect(enrich(json, '{"a":1}', 5)).toBe(frame('{\\"a\\":1}', ',"truncated_bytes":5'));
  });

  test.each([
    ["é", 1],
    ["東", 1],
    ["東", 2],
    ["😀", 1],
    ["😀", 2],
    ["😀", 3],
  ])("loses the rest of %s as well when %d of its bytes are left", (character, left) => {
    const half = Buffer.from(character).subarray(0, left);
    expect(enrich(raw, Buffer.concat([Buffer.from("aé"), half]), 10)).toBe(`aé [truncated ${10 + left} bytes]\n`);
  });

  test("keeps a whole character at its end, and bytes that were never part of one", () => {
    expect(enrich(raw, "a😀", 1)).toBe("a😀 [truncated 1 bytes]\n");
    expect(enrich(raw, "", 1)).toBe(" [truncated 1 bytes]\n");
    expect(enrichBytes(raw, Uint8Array.of(0x61, 0x80, 0x80, 0x80, 0x80), 1).subarray(0, 5)).toEqual(
      Buffer.from([0x61, 0x80, 0x80, 0x80, 0x80]),
    );
    expect(enrichBytes(raw, Uint8Array.of(0x61, 0xe0, 0x80), 1).subarray(0, 3)).toEqual(
      Buffer.from([0x61, 0xe0, 0x80]),
    );
  });
});

function withFields(fields: Record<string, string>, more: Partial<TagSource> = {}): Tag {
  return makeTag({ ...source, ...more, fields });
}

describe("fields", () => {
  test("stand behind worker_id and consumer, in their order; a lone number stays a number", () => {
    const tag = withFields({
      env: "prod",
      id: "{worker_id}",
      n: "{slot}",
      pid: "{pid}",
      who: "{consumer}",
      to: "{stream}",
      at: "{slot}/{pid} {nope}",
    });
    expect(enrich(tag, '{"a":1}')).toBe(
      `{"a":1,"extra":{${mine},"env":"prod","id":7,"n":2,"pid":4711,"who":"async","to":"stdout","at":"2/4711 {nope}"}}\n`,
    );
  });

  test("replace what is there, by whatever name", () => {
    const tag = withFields({ 'q"\\é': "v" });
    expect(enrich(tag, String.raw`{"extra":{"q\"\\é":1,"q\"\\\u00e9":2}}`)).toBe(
      String.raw`{"extra":{"q\"\\é":"v","q\"\\\u00e9":"v",${mine}}}` + "\n",
    );
  });

  test("called like an index take the place of that element of a list", () => {
    const tag = withFields({ "1": "one", "2": "two" });
    expect(enrich(tag, '{"extra":["a","b"]}')).toBe(`{"extra":{"0":"a","1":"one",${mine},"2":"two"}}\n`);
  });

  test("called like pm's own take their place", () => {
    expect(enrich(withFields({ consumer: "{consumer}-{slot}" }), '{"a":1}')).toBe(
      '{"a":1,"extra":{"worker_id":7,"consumer":"async-2"}}\n',
    );
  });

  test("and names are escaped where JSON needs it", () => {
    const tag = withFields({ "a\n": 'x"{stream}' }, { consumer: 'as"ync', stream: "stderr", format: "json" });
    expect(JSON.parse(enrich(tag, "hi"))).toEqual({
      message: "hi",
      datetime: when,
      stream: "stderr",
      extra: { worker_id: 7, consumer: 'as"ync', "a\n": 'x"stderr' },
    });
  });

  test("with dollar signs are taken as they are", () => {
    expect(enrich(withFields({ a: "$&{consumer}" }, { consumer: "$1" }), '{"a":1}')).toContain('"a":"$&$1"');
  });
});

describe("the room asked for is enough", () => {
  test.each([
    ["control characters in JSON", json, "\u0001".repeat(5_000)],
    ["broken UTF-8 in JSON", json, Buffer.alloc(5_000, 0xff)],
    ["a long list", auto, `{"extra":[${"1,".repeat(20_000)}1]}`],
    [
      "a short key replaced many times",
      makeTag({ ...source, fields: { k: "v".repeat(300) } }),
      `{"extra":{${'"k":0,'.repeat(5_000)}"k":0}}`,
    ],
    [
      "a consumer with a long name",
      makeTag({ ...source, consumer: "c".repeat(500) }),
      `{"extra":{${'"consumer":0,'.repeat(5_000)}"a":0}}`,
    ],
    ["an empty line", json, ""],
  ])("for %s", (_, tag, line) => {
    expect(enrichBytes(tag, line).length).toBeGreaterThan(line.length);
    expect(enrichBytes(tag, line, Number.MAX_SAFE_INTEGER - 10_000_000).length).toBeGreaterThan(line.length);
  });
});

test("10,000 generated lines become, byte for byte, what they were made to become", () => {
  const random = seeded(7);
  for (let round = 0; round < 10_000; round++) {
    const { input, output } = jsonLine(random);
    const found = enrich(auto, input);
    if (found !== `${output}\n`) throw new Error(`${input}\n  became ${found}  not    ${output}`);

    const before = JSON.parse(input);
    const extra = typeof before.extra === "object" ? before.extra : {};
    expect(JSON.parse(found)).toEqual({ ...before, extra: { ...extra, worker_id: 7, consumer: "async" } });
  }
});

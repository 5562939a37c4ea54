import { describe, expect, test } from "bun:test";
import { LineEnricher, maxEnrichedBytes } from "../../src/core/output/enrich.ts";
import { LineSplitter } from "../../src/core/output/line-splitter.ts";
import { OutputBlock } from "../../src/core/output/output-block.ts";
import { makeTag, type Tag, type TagSource } from "../../src/core/output/tag.ts";
import { BulkEnricher } from "../../src/output/bulk-enricher.ts";
import { ownBuffer } from "../../src/system/libc.ts";
import { jsonLine, pick, type Random, seeded } from "../core/output/json-generator.ts";

const chunkBytes = 65_536;
const blockBytes = 1 << 22;
const when = (): string => "2026-11-22T10:00:00.123+00:00";
const bulk = BulkEnricher.open(chunkBytes + blockBytes, when)!;
const chunk = bulk.allocate(chunkBytes);
const home = bulk.allocate(blockBytes);
const enricher = new LineEnricher(when);

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
const withFields = makeTag({ ...source, stream: "stderr", fields: { env: "prod", a: "{slot}", Zoë: "1" } });
const tags = { auto, json, raw, withFields };

/** What becomes of the pieces of a stream, and how many lines the module has taken of them. */
function finish(tag: Tag, pieces: readonly Uint8Array[], inBulk: boolean, maxLineBytes = 1 << 20) {
  const block = new OutputBlock(home);
  block.length = 5;
  const packed = bulk.pack(tag, maxLineBytes);
  if (packed === null) throw new Error("the tag should fit");
  const splitter = new LineSplitter(maxLineBytes, ownBuffer);
  let taken = 0;
  for (const piece of pieces) {
    chunk.set(piece);
    const onLine = (line: Buffer, start: number, end: number, dropped: number): void => {
      expect(block.length + maxEnrichedBytes(tag, end - start)).toBeLessThan(blockBytes);
      enricher.write(tag, line, start, end, dropped, block);
    };
    const takeLines = (bytes: Buffer, start: number, end: number): number => {
      const next = bulk.take(packed, bytes, start, end, block, blockBytes);
      taken += bulk.lines;
      return next;
    };
    splitter.push(chunk, 0, piece.length, onLine, inBulk ? takeLines : null);
  }
  return { output: Buffer.from(home.subarray(5, block.length)), taken };
}

/** Fails with what differs, unless the module makes the same of the pieces as the line by line way. Returns how many lines it took. */
function compare(tag: Tag, pieces: readonly Uint8Array[], maxLineBytes?: number): number {
  const expected = finish(tag, pieces, false, maxLineBytes).output;
  const { output, taken } = finish(tag, pieces, true, maxLineBytes);
  if (output.equals(expected)) return taken;
  const [is, wanted] = [output, expected].map((bytes) => bytes.toString("latin1").split("\n"));
  const at = wanted!.findIndex((line, index) => line !== is![index]);
  throw new Error(`line ${at}:\n${JSON.stringify(is![at])} is made of it, instead of\n${JSON.stringify(wanted![at])}`);
}

// oxfmt-ignore
const hostile: readonly string[] = [
  "", " ", "\r", "\r\r", "\0", "{", "}", "{}", " { } ", "[]", "[1,2,3]", "null", "1", '"x"', "{bad json}", "plain text", "plain\rtext\r",
  '{"a":1}', '{"a":1}\r', '{"a":1} \r\r', ' \t{ "a" : 1 }\t ', '\r{"a":1}', '{"a":1}x', '{"a":1}{"b":2}', '{"a":1', '{"a":[1}]', '{"a":1,}',
  '{"a":[1,]}', '{,"a":1}', '{"a" 1}', '{"a":}', "{a:1}", "{'a':1}", '{"a":01}', '{"a":-}', '{"a":1.}', '{"a":.5}', '{"a":1e}', '{"a":1e+}',
  '{"a":1E-7}', '{"a":+1}', '{"a":-0}', '{"a":-01}', '{"a":NaN}', '{"a":tru', '{"a":True}', '{"a":nulll}', '{"a":true}', '{"a":false}',
  '{"a":fals}', '{"a":null}', String.raw`{"a":"\x"}`, String.raw`{"a":"\u12"}`, String.raw`{"a":"\u12g4"}`, String.raw`{"a":"\u00E9"}`,
  '{"a":"\\', '{"a":"\\"', '{"a":"\\\\"}', '{"a":"\\\\\\"}', String.raw`{"\"\\\/\b\f\n\r\t":"\"\\\/\b\f\n\r\t"}`, '{"a":"\t"}', '{"a":"\0"}',
  '{"a":"\u001f"}', '{"a":"\u007f\u2028"}', '{"a":"abc', '\ufeff{"a":1}', '{"a":\u00a01}', '{"a":1/**/}', '{"":""}', '{"a":{},"b":[],"c":[[],{}]}',
  '{"a":"Zoë 東京 😀 \u0080\u07ff\u0800\ud7ff\ue000\uffff\u{10000}\u{10ffff}"}', '{"Zoë":1}',
  '{"extra":{}}', '{"extra":{},"b":1}', '{"b":1,"extra":{}}', '{"extra": { \t} }', '{"extra":[]}', '{"extra":[ ]}', '{"extra":["a",{"b":[1]} ,3]}',
  '{"extra":null}', '{"extra":true }', '{"extra":"x"}', '{"extra":1.50,"b":0}', '{"extra":{"a":1}}', '{"extra": { "a" : 1 \t} , "b":2}',
  '{"extra":{"a":{"worker_id":1}}}', '{"extra":{"worker_id":"old","a":1}}', '{"extra":{"consumer":{"a":[1]} ,"worker_id": 1}}',
  '{"extra":{"worker_id":1,"worker_id":2}}', String.raw`{"extra":{"worker\u005fid":1}}`, '{"extra":{"worker_id2":1,"consume":2,"":3}}',
  '{"extra":{"a":1},"extra":{"b":2}}', '{"extra":{"worker_id":1},"extra":{"b":2}}', '{"extra":{},"extra":5}', '{"extra":5,"extra":{"x":"y"}}',
  String.raw`{"\u0065xtra":{"a":1}}`, '{"extras":1,"extr":2,"Extra":3}', '{"context":{"extra":{}}}', '{"context":{"extra":{"worker_id":1}},"extra":{"a":[]}}',
  '{"extra":{"a":[{"worker_id":1}]}}', '{"extra":{"env":1}}', '{"extra":{"Zoë":1}}', '{"extra":[{"worker_id":1}]}',
  `{"a":${"[".repeat(60)}${"]".repeat(60)}}`, `{"a":${"[".repeat(61)}${"]".repeat(61)}}`, `{"a":${"[".repeat(62)}${"]".repeat(62)}}`,
  `{"a":${'{"b":'.repeat(70)}1${"}".repeat(70)}}`, `{"a":${"[".repeat(500)}${"]".repeat(499)}}`, `{"a":"${"x".repeat(300)}"}`,
  `{${Array.from({ length: 60 }, (_, index) => `"k${index}":${index}`).join(",")}}`, `{"a":"${"\\n".repeat(100)}"}`,
];
const illFormed = [
  [0x80],
  [0xc3],
  [0xe2, 0x82],
  [0xf0, 0x9f, 0x98],
  [0xed, 0xa0, 0x80],
  [0xc0, 0xaf],
  [0xf4, 0x90, 0x80, 0x80],
  [0xff],
];

describe("makes the same of a chunk as the line by line way", () => {
  test.each(Object.entries(tags))("for lines that are hostile, alone and beside each other (%s)", (_, tag) => {
    const lines = [
      ...hostile.map((line) => Buffer.from(`${line}\n`)),
      ...illFormed.map((bytes) => Buffer.concat([Buffer.from('{"a":"'), Uint8Array.from(bytes), Buffer.from('"}\n')])),
      ...illFormed.map((bytes) => Buffer.concat([Uint8Array.from(bytes), Buffer.from("\n")])),
    ];
    for (const line of lines) compare(tag, [line]);
    for (const line of lines) for (const other of lines) compare(tag, [Buffer.concat([other, line, line, other])]);
    compare(tag, [Buffer.concat(lines)]);
  });

  test.each(Object.entries(tags))("wherever a chunk begins and ends (%s)", (_, tag) => {
    const text = Buffer.from(
      '{"message":"Zoë","extra":{}}\r\nplain\n\n{"n":1,"extra":{"a":"b"}}\n{"extra":[]}\n{"n":1234567890}\nrest',
    );
    for (let first = 0; first <= text.length; first++)
      for (let second = first; second <= text.length; second++)
        compare(tag, [text.subarray(0, first), text.subarray(first, second), text.subarray(second), Buffer.from("\n")]);
  });

  test("for every byte at every place in a string", () => {
    for (let byte = 0; byte < 256; byte++) {
      const lines = Array.from({ length: 70 }, (_, at) => {
        const line = Buffer.from(`{"a":"${"#".repeat(at)}?${"~".repeat(70 - at)}"}\n`);
        line[6 + at] = byte;
        return line;
      });
      for (const tag of [auto, json]) compare(tag, [Buffer.concat(lines)]);
    }
  });

  test.each([1, 7, 8, 9, 30])("for lines longer than max_line, %d bytes", (maxLineBytes) => {
    const text = Buffer.from('{"a":1}\n{"a":12}\n{"a":123}\r\nplain text\nähnlich\n\n{"extra":{},"b":"Zoë 東京"}\n');
    for (const tag of Object.values(tags)) compare(tag, [text], maxLineBytes);
  });

  test("for 40,000 generated lines among others of their shape, mutated", () => {
    const random = seeded(20_261_123);
    let taken = 0;
    for (let round = 0; round < 4_000; round++) {
      const lines = manyAlike(random);
      taken += compare(pick(random, Object.values(tags)), [Buffer.concat(lines)]);
    }
    expect(taken).toBeGreaterThan(25_000);
  });
});

/** Ten lines, made of two, each with a change or two in most: values, escapes, brackets, bytes that are no text. */
function manyAlike(random: Random): Uint8Array[] {
  const models = [jsonLine(random).input, monologLine(random)].map((text) => Buffer.from(text.replaceAll("\n", " ")));
  return Array.from({ length: 10 }, () => {
    let line: Uint8Array = pick(random, models);
    for (let changes = random(3); changes > 0 && line.length > 0; changes--) line = mutate(random, line);
    return Buffer.concat([line, Buffer.from("\n")]);
  });
}

function monologLine(random: Random): string {
  const extra = pick(random, ["{}", "[]", '{"uid":"5f2c9"}', '{"memory":24}', '{"worker_id":1}', "null", '"x"', "7"]);
  return `{"message":"Received ${random(1_000)}","context":{"class":"App\\\\Mail","id":${random(99)}},"level":200,"extra":${extra}}`;
}

const oddBytes = [...Buffer.from('{}[],:"\\ue0.-+E179 \t\r\0xé')];

function mutate(random: Random, line: Uint8Array): Uint8Array {
  const at = random(line.length);
  const [head, byte, tail] = [line.subarray(0, at), Uint8Array.of(pick(random, oddBytes)), line.subarray(at + 1)];
  const kind = random(5);
  if (kind === 0) return Buffer.concat([head, tail]);
  if (kind === 1) return Buffer.concat([head, byte, line.subarray(at)]);
  if (kind === 2) return Buffer.concat([head, byte, tail]);
  if (kind === 3)
    return Buffer.concat([head, Buffer.from(pick(random, ["東", "\\u00e9", '\\"', "12", "x".repeat(70)])), tail]);
  return Buffer.concat([head, tail.subarray(random(9))]);
}

describe("takes", () => {
  const usual =
    '{"message":"Received","context":{"id":1},"level":200,"extra":{"uid":"5f2c9"}}\n{"a":1,"extra":{}}\nplain text\r\n';

  test.each(Object.entries(tags))("whatever is usual (%s)", (_, tag) => {
    expect(compare(tag, [Buffer.from(usual.repeat(50))])).toBe(150);
  });

  test("no line behind one that is rare, but goes on after it", () => {
    expect(compare(auto, [Buffer.from(`${usual}{"extra":["a"]}\n${usual}`)])).toBe(6);
  });

  test("lines until the block is as full as asked for, and none that would not fit", () => {
    const packed = bulk.pack(auto, 1_000);
    const length = chunk.write("plain\n".repeat(100));
    const block = new OutputBlock(home);
    const next = bulk.take(packed!, chunk, 0, length, block, 51);
    expect({ next, lines: bulk.lines, length: block.length }).toEqual({ next: 18, lines: 3, length: 69 });
    block.length = blockBytes - 20;
    expect(bulk.take(packed!, chunk, next, length, block, blockBytes)).toBe(next);
    expect(block.length).toBe(blockBytes - 20);
  });

  test("no tag whose parts are too long for it", () => {
    expect(bulk.pack(makeTag({ ...source, fields: { ["k".repeat(256)]: "v" } }), 1_000)).toBeNull();
    expect(bulk.pack(makeTag({ ...source, fields: { k: "v".repeat(40_000) } }), 1_000)).toBeNull();
  });
});

test("writes nothing beside the block", () => {
  const random = seeded(5);
  const small = home.subarray(1_000, 6_000);
  const packed = { auto: bulk.pack(auto, 1 << 20)!, json: bulk.pack(json, 1 << 20)! };
  for (let round = 0; round < 2_000; round++) {
    home.fill(0xaa, 0, 8_000);
    const length = chunk.write(
      "\u0001".repeat(random(300)) + "\n" + 'ä"\u0002'.repeat(random(200)) + "\n" + '{"a":1}\n'.repeat(random(99)),
    );
    const block = new OutputBlock(small);
    block.length = random(5_000);
    const before = block.length;
    bulk.take(packed[pick(random, ["auto", "json"] as const)], chunk, 0, length, block, 5_000);
    expect(block.length).toBeLessThanOrEqual(5_000);
    expect(home.indexOf(Buffer.alloc(16, 0xaa), 6_064)).toBe(6_064);
    expect(home.subarray(0, 1_000 + before).equals(Buffer.alloc(1_000 + before, 0xaa))).toBe(true);
  }
});

/**
 * What one core makes of a line of output, in memory: `bun scripts/bench/line.ts [rounds = 60] [part of a shape's name]`.
 *
 * Ways take turns in short rounds, and the best round counts, since a neighbour on the machine can only slow one down. The
 * ratios compare with JSON.parse of the same lines, which only validates, and with the search for the newlines alone.
 */
import { LineEnricher, maxEnrichedBytes } from "../../src/core/output/enrich.ts";
import { JsonScanner } from "../../src/core/output/json-scan.ts";
import { LineSplitter } from "../../src/core/output/line-splitter.ts";
import { OutputBlock } from "../../src/core/output/output-block.ts";
import { makeTag } from "../../src/core/output/tag.ts";

const ROUNDS = Number(process.argv[2] ?? 60);
const CHUNK_BYTES = 65_536;
const ROUND_NS = 2_000_000;
const CALL =
  '{"message":"Received message App\\\\Message\\\\SendEmail","context":{"class":"App\\\\Message\\\\SendEmail",';
const WHEN = '"level":200,"level_name":"INFO","channel":"messenger","datetime":"2026-11-21T22:10:54.123456+00:00"';

const shapes: Record<string, (id: string) => string> = {
  '"extra":{}': (id) => `${CALL}"message_id":"${id}"},${WHEN},"extra":{}}`,
  '"extra":{…}': (id) => `${CALL}"message_id":"${id}"},${WHEN},"extra":{"memory_usage":"24 MB","uid":"5f2c9"}}`,
  '"extra":[]': (id) => `${CALL}"message_id":"${id}"},${WHEN},"extra":[]}`,
  "no extra": (id) => `${CALL}"message_id":"${id}"},${WHEN}}`,
  "varied lengths": (id) =>
    `${CALL}"text":"${"x".repeat(Number(id) % 29)}","n":${Number(id) * 7919}},${WHEN},"extra":{}}`,
  "non-ASCII": (id) => `${CALL}"name":"Zoë Müller, 東京","message_id":"${id}"},${WHEN},"extra":{}}`,
  "plain text": (id) => `[2026-11-21T22:10:54+00:00] messenger.INFO: ${"Received message SendEmail ".repeat(7)}${id}`,
};

const tag = makeTag({
  workerId: 7,
  consumer: "async",
  slot: 0,
  pid: 4711,
  stream: "stdout",
  format: "auto",
  fields: {},
});
const wrapTag = { ...tag, format: "json" } as const;
const block = new OutputBlock(Buffer.allocUnsafeSlow(maxEnrichedBytes(tag, CHUNK_BYTES)));
let guard = 0;

for (const [shape, line] of Object.entries(shapes)) {
  if (process.argv[3] !== undefined && !shape.includes(process.argv[3])) continue;
  const { chunk, lines } = chunkOf(line);
  console.log(`\n${shape}: ${(chunk.length / lines - 1).toFixed(0)} bytes a line`);
  console.log("way                     ns/line   Mlines/s     MB/s  x parse  x floor");
  const results = measure(waysFor(chunk, shape !== "plain text"), lines);
  const parseNs = results.get("JSON.parse only") ?? Number.NaN;
  const floorNs = results.get("indexOf only") ?? Number.NaN;
  for (const [name, ns] of results) {
    const megabytes = (chunk.length / lines / ns) * 1_000;
    const columns = [
      ns.toFixed(0),
      (1_000 / ns).toFixed(2),
      megabytes.toFixed(0),
      ratio(parseNs / ns),
      ratio(ns / floorNs),
    ];
    console.log(name.padEnd(22) + columns.map((column) => column.padStart(9)).join(""));
  }
}
if (guard === -1) console.log("the guard keeps the work from being optimised away");

function waysFor(chunk: Buffer, isJson: boolean): Record<string, () => number> {
  const scanner = new JsonScanner();
  const splitter = new LineSplitter(1 << 20, (bytes) => Buffer.allocUnsafeSlow(bytes));
  const enricher = new LineEnricher(() => "2026-11-22T10:00:00.123+00:00");
  const whole = (with_: typeof tag | typeof wrapTag) => () => {
    block.length = 0;
    splitter.push(chunk, 0, chunk.length, (bytes, start, end, dropped) => {
      enricher.write(with_, bytes, start, end, dropped, block);
    });
    return block.length;
  };
  const eachLine = (look: (start: number, end: number) => number) => () => {
    let sum = 0;
    for (let from = 0, end = 0; (end = chunk.indexOf(10, from)) >= 0; from = end + 1) sum += look(from, end);
    return sum;
  };
  const ways: Record<string, () => number> = {
    "indexOf only": eachLine((start) => start),
    scan: eachLine((start, end) => (scanner.scan(chunk, start, end) ? scanner.lastMemberEnd : 0)),
    "split, scan, splice": whole(tag),
  };
  if (isJson)
    ways["JSON.parse only"] = eachLine((start, end) => (JSON.parse(chunk.toString("utf8", start, end)) ? 1 : 0));
  else ways["split, wrap in JSON"] = whole(wrapTag);
  return ways;
}

/** The best ns a line of each way. */
function measure(ways: Record<string, () => number>, lines: number): Map<string, number> {
  const best = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, way] of Object.entries(ways)) {
      const started = Bun.nanoseconds();
      let chunks = 0;
      for (; Bun.nanoseconds() - started < ROUND_NS; chunks++) guard += way();
      const ns = (Bun.nanoseconds() - started) / chunks / lines;
      best.set(name, Math.min(ns, best.get(name) ?? ns));
    }
  }
  return best;
}

function chunkOf(line: (id: string) => string): { readonly chunk: Buffer; readonly lines: number } {
  const all: string[] = [];
  for (let bytes = 0; bytes < CHUNK_BYTES - 512;) {
    const text = `${line(String(all.length * 31).padStart(10, "0"))}\n`;
    bytes += Buffer.byteLength(text);
    all.push(text);
  }
  return { chunk: Buffer.from(all.join("")), lines: all.length };
}

function ratio(value: number): string {
  return Number.isNaN(value) ? "-" : value.toFixed(2);
}

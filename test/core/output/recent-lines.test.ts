import { describe, expect, test } from "bun:test";
import type { LogQuery } from "../../../src/core/farm/log-lines.ts";
import { LineAssembler } from "../../../src/core/output/line-assembler.ts";
import { RecentChunks } from "../../../src/core/output/recent-chunks.ts";
import { findLines, maxShownBytes, readLines, textOf } from "../../../src/core/output/recent-lines.ts";
import { pick, seeded } from "./json-generator.ts";

const ref = { worker: 7, slot: 0, consumer: "async" };
const all: LogQuery = { consumer: null, slot: null, worker: null, stream: null, minLevel: null, lines: 1_000_000 };
const allocate = (bytes: number): Buffer => Buffer.alloc(bytes, "\n");
const assembler = (): LineAssembler => new LineAssembler(maxShownBytes, allocate);

/** One worker's output as it is read: which stream, what, and whether the stream ends behind it. */
type Step = readonly [streamId: number, text: string, ends?: "ends"];

function written(steps: readonly Step[], limitBytes = 65_536): RecentChunks {
  const chunks = new RecentChunks(allocate);
  const midLine = new Map<number, boolean>();
  for (const [index, [streamId, text, ends]] of steps.entries()) {
    const bytes = Buffer.from(text, "latin1");
    const startsLine = midLine.get(streamId) !== true;
    const meta = { streamId, startsLine, endsStream: ends === "ends", atEpochMs: index };
    chunks.push(meta, bytes, 0, bytes.length, limitBytes);
    if (bytes.length > 0) midLine.set(streamId, !text.endsWith("\n"));
  }
  return chunks;
}

function read(chunks: RecentChunks, query: Partial<LogQuery> = {}): string[] {
  const { indexes } = findLines(chunks, { ...all, ...query }, assembler());
  return readLines(ref, chunks, indexes, assembler()).map(
    ({ stream, text }) => `${stream === "stderr" ? "!" : ""}${text}`,
  );
}

describe("the recent lines of a worker", () => {
  test.each<[string, readonly Step[], readonly string[]]>([
    ["lines in one piece", [[0, "one\ntwo\n\n"]], ["one", "two", ""]],
    [
      "a line in many pieces",
      [
        [0, "o"],
        [0, "n"],
        [0, "e\n"],
      ],
      ["one"],
    ],
    [
      "both streams, in the order in which lines ended",
      [
        [0, "on"],
        [1, "bad\n"],
        [0, "e\n"],
      ],
      ["!bad", "one"],
    ],
    ["no unfinished line", [[0, "one\ntwo"]], ["one"]],
    [
      "the last words of a stream that ended",
      [
        [0, "one\ntwo"],
        [0, "", "ends"],
      ],
      ["one", "two"],
    ],
    [
      "two processes apart",
      [
        [0, "first"],
        [2, "second\n"],
        [0, "", "ends"],
      ],
      ["second", "first"],
    ],
    [
      "a return, which is kept until its line ends",
      [
        [0, "one\n\r"],
        [0, "two\n"],
      ],
      ["one", "\rtwo"],
    ],
  ])("are %s", (_, steps, expected) => {
    expect(read(written(steps))).toEqual([...expected]);
  });

  test.each<[string, Partial<LogQuery>, readonly string[]]>([
    ["the newest so many", { lines: 2 }, ["!level=error c", "d"]],
    ["none", { lines: 0 }, []],
    ["of one stream", { stream: "stdout" }, ["a", "level=error b", "d"]],
    ["of a level", { minLevel: "warning" }, ["level=error b", "!level=error c"]],
    ["of unknown level as info", { minLevel: "info", stream: "stdout", lines: 2 }, ["level=error b", "d"]],
  ])("are chosen: %s", (_, query, expected) => {
    expect(
      read(
        written([
          [0, "a\nlevel=error b\n"],
          [1, "level=error c\n"],
          [0, "d\n"],
        ]),
        query,
      ),
    ).toEqual([...expected]);
  });

  test("a line whose beginning is lost is left out", () => {
    const chunks = written([[0, `${"x".repeat(2000)}\nnext\n`]], 1024);
    expect(read(chunks)).toEqual(["next"]);
  });

  test("a line too long to be shown is cut between two characters, and says so", () => {
    const euros = Buffer.from("€".repeat(maxShownBytes / 2)).toString("latin1");
    const [line = ""] = read(written([[0, `${euros}\n`]]));
    expect(line).toBe(`${"€".repeat(5461)} [truncated ${(maxShownBytes / 2) * 3 - 5461 * 3} bytes]`);
  });

  test("bytes that are no UTF-8 are shown as such", () => {
    const bytes = Buffer.from([0, 0xff, 0x41, 0xc3]);
    expect(textOf(bytes, 0, 4, 0)).toBe("\u0000\ufffdA\ufffd");
  });

  test("an assembler that has seen what is kept goes on with what comes", () => {
    const goesOn = assembler();
    const chunks = written([
      [0, "one\ntw"],
      [1, "bad\n"],
    ]);
    expect(findLines(chunks, all, goesOn).indexes).toEqual([0, 1]);
    const texts: string[] = [];
    const rest = Buffer.from("o\nthree");
    const meta = { streamId: 0, startsLine: false, endsStream: false, atEpochMs: 9 };
    goesOn.push(meta, rest, 0, rest.length, (_, bytes, start, end) => texts.push(bytes.toString("utf8", start, end)));
    expect(texts).toEqual(["two"]);
  });

  test.each(Array.from({ length: 40 }, (_, seed) => seed))(
    "are exactly those whose beginning is kept, however they were cut into pieces (%p)",
    (seed) => {
      const random = seeded(seed);
      const limitBytes = pick(random, [256, 1024, 65_536]);
      const steps = Array.from({ length: 200 }, (): Step => {
        const size = 1 + random(pick(random, [3, 30, 300]));
        const text = Array.from({ length: size }, () => (random(12) === 0 ? "\n" : "abc"[random(3)])).join("");
        return [random(4), text];
      });
      const chunks = written(steps, limitBytes);
      let keptBytes = 0;
      chunks.each((_, __, start, end) => (keptBytes += end - start));
      expect(read(chunks)).toEqual(modelLines(steps, keptBytes));
    },
  );
});

/** What a reader with paper and pencil would find in the last `keptBytes`. */
function modelLines(steps: readonly Step[], keptBytes: number): string[] {
  const total = steps.reduce((sum, [, text]) => sum + text.length, 0);
  const lost = total - keptBytes;
  const lines: string[] = [];
  const open = new Map<number, { text: string; from: number; startsPiece: boolean }>();
  let at = 0;
  for (const [streamId, text] of steps) {
    for (const [index, byte] of text.split("").entries()) {
      const line = open.get(streamId) ?? { text: "", from: at, startsPiece: index === 0 };
      open.set(streamId, line);
      at += 1;
      if (byte !== "\n") {
        line.text += byte;
        continue;
      }
      open.delete(streamId);
      // Where a piece was cut, nobody knows whether a line begins there.
      if (line.from > lost || (line.from === lost && (lost === 0 || line.startsPiece)))
        lines.push(`${streamId % 2 === 1 ? "!" : ""}${line.text}`);
    }
  }
  return lines;
}

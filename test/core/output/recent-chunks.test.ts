import { describe, expect, test } from "bun:test";
import { RecentChunks } from "../../../src/core/output/recent-chunks.ts";
import { pick, type Random, seeded } from "./json-generator.ts";

const headerBytes = 16;

interface Piece {
  readonly streamId: number;
  readonly startsLine: boolean;
  readonly endsStream: boolean;
  readonly atEpochMs: number;
  readonly text: string;
}

const piece = (text: string, more: Partial<Piece> = {}): Piece => ({
  streamId: 0,
  startsLine: true,
  endsStream: false,
  atEpochMs: 0,
  text,
  ...more,
});

/** Memory with something else in it. */
const allocate = (bytes: number): Buffer => Buffer.alloc(bytes, 0xee);

/** From the middle of a buffer, which is overwritten afterwards as a reused one would be. */
function push(chunks: RecentChunks, { text, ...meta }: Piece, limitBytes: number): void {
  const bytes = Buffer.from(`before${text}after`, "latin1");
  chunks.push(meta, bytes, 6, 6 + text.length, limitBytes);
  bytes.fill("#");
}

function kept(chunks: RecentChunks): Piece[] {
  const pieces: Piece[] = [];
  chunks.each((meta, bytes, start, end) => pieces.push({ ...meta, text: bytes.toString("latin1", start, end) }));
  return pieces;
}

function afterAll(pieces: readonly Piece[], limitBytes: number): RecentChunks {
  const chunks = new RecentChunks(allocate);
  for (const each of pieces) push(chunks, each, limitBytes);
  return chunks;
}

describe("RecentChunks", () => {
  test.each<[string, readonly Piece[], readonly Piece[]]>([
    ["nothing", [], []],
    [
      "all that is said of a piece",
      [piece("a", { streamId: 4_294_967_295, startsLine: false, atEpochMs: 1.5e12 })],
      [],
    ],
    ["pieces of several streams", [piece("a"), piece("b", { streamId: 1 }), piece("c")], []],
    ["pieces of different times", [piece("a"), piece("b", { atEpochMs: 1 })], []],
    ["the end of a stream apart", [piece("a"), piece("", { endsStream: true }), piece("b")], []],
    ["what comes at one time from one stream as one piece", [piece("a"), piece("b"), piece("c")], [piece("abc")]],
    ["bytes of all kinds", [piece("\u0000\u00ff\n\u0080")], []],
  ])("keeps %s", (_, pieces, expected) => {
    expect(kept(afterAll(pieces, 1024))).toEqual([...(expected.length > 0 ? expected : pieces)]);
  });

  test("of a piece that is too large it keeps the tail, and nothing from before, so that there is no gap", () => {
    const [only, ...more] = kept(afterAll([piece("old"), piece("x".repeat(4000) + "end")], 1024));
    expect(more).toEqual([]);
    expect(only).toMatchObject({ startsLine: false });
    expect(only?.text).toMatch(/^x{400,}end$/);
  });

  test("what was a little costs a little", () => {
    expect(new RecentChunks(allocate).allocatedBytes).toBe(0);
    expect(afterAll([piece("x".repeat(100))], 65_536).allocatedBytes).toBeLessThanOrEqual(256);
  });

  test("without room for anything it keeps nothing", () => {
    for (const limit of [0, 1, 64, 127]) expect(kept(afterAll([piece("a"), piece("b")], limit))).toEqual([]);
  });

  test.each(Array.from({ length: 30 }, (_, seed) => seed))(
    "keeps the end of what was written, and all of half the limit (%p)",
    (seed) => {
      const random = seeded(seed);
      let limitBytes = pick(random, [256, 512, 1024, 4096]);
      const chunks = new RecentChunks(allocate);
      let written = "";
      for (let step = 0; step < 100; step++) {
        const next = randomPiece(random, limitBytes, step);
        push(chunks, next, limitBytes);
        written += mark(next);
        const pieces = kept(chunks);
        const marked = pieces.map(mark).join("");
        expect(written.endsWith(marked)).toBe(true);
        expect(chunks.allocatedBytes).toBeLessThanOrEqual(limitBytes);
        const usedBytes = marked.length / 2 + pieces.length * headerBytes;
        if (marked.length < written.length) expect(usedBytes).toBeGreaterThanOrEqual(limitBytes / 2 - 64);
        written = marked; // what is lost stays lost
        if (random(30) === 0) {
          limitBytes = Math.max(256, limitBytes / 2);
          chunks.shrink(limitBytes);
          expect(chunks.allocatedBytes).toBeLessThanOrEqual(limitBytes);
          const shrunk = kept(chunks).map(mark).join("");
          expect(marked.endsWith(shrunk)).toBe(true);
          written = shrunk;
        }
      }
    },
  );
});

function randomPiece(random: Random, limitBytes: number, step: number): Piece {
  const size = 1 + random(pick(random, [4, 40, 400, limitBytes]));
  const text = Array.from({ length: size }, () => String.fromCharCode(97 + random(26))).join("");
  return piece(text, { streamId: random(3), startsLine: random(2) === 0, atEpochMs: step >> 2 });
}

/** Each byte with its stream. */
function mark({ text, streamId }: Piece): string {
  return text.replaceAll(/[^]/g, (byte) => `${byte}${streamId}`);
}

import { expect, test } from "bun:test";
import type { LogLine, LogQuery } from "../../src/core/farm/log-lines.ts";
import { Follower } from "../../src/output/follower.ts";

const query: LogQuery = { consumer: null, slot: null, worker: null, stream: null, minLevel: "error", lines: 0 };
const line: LogLine = {
  atEpochMs: 0,
  worker: 1,
  slot: 0,
  consumer: "a",
  stream: "stdout",
  level: "error",
  text: "text",
};

/** How many of the lines, as they come at a time, are looked at. */
function lookedAt(follower: Follower, lines: number, atEpochMs: number, streamId = 0): number {
  const meta = { streamId, startsLine: true, endsStream: false, atEpochMs };
  return Array.from({ length: lines }, () => follower.hasRoomFor(meta, 872)).filter(Boolean).length;
}

test("no more is looked at in a tenth of a second than 4 MiB; the rest is lost, and told of", () => {
  const follower = new Follower(query);
  follower.heard();
  expect(lookedAt(follower, 10_000, 1_000)).toBe(4195);
  expect(lookedAt(follower, 1, 1_099)).toBe(0);
  expect(follower.take(false)).toEqual({ lines: [], lost: 5_806 });
  follower.heard();
  expect(follower.take(false)).toBeNull();
  expect(lookedAt(follower, 10_000, 1_100)).toBe(4195);
});

test("lines of another stream are neither looked at nor lost", () => {
  const follower = new Follower({ ...query, stream: "stderr" });
  follower.heard();
  expect(lookedAt(follower, 10, 0, 0)).toBe(0);
  expect(follower.take(false)).toBeNull();
  expect(lookedAt(follower, 10, 0, 1)).toBe(10);
});

test("what waits is given in pieces, and the gap behind the last of them", () => {
  const follower = new Follower({ ...query, minLevel: null });
  follower.heard();
  for (let count = lookedAt(follower, 1, 0); count === 1; count = lookedAt(follower, 1, 0))
    follower.add({ ...line, text: "x".repeat(872) });
  const pieces: (readonly [number, number])[] = [];
  for (let piece = follower.take(false); piece !== null; piece = follower.take(false)) {
    pieces.push([piece.lines.length, piece.lost]);
    expect(follower.take(false)).toBeNull();
    follower.heard();
  }
  expect(pieces).toEqual([
    [263, 0],
    [263, 0],
    [263, 0],
    [260, 1],
  ]);
});

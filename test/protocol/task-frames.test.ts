import { expect, test } from "bun:test";
import { cancelFrame, resultFrame } from "../../src/protocol/task-frames.ts";
import { maxFrameBytes } from "../../src/protocol/worker-frames.ts";

const bytes = (frame: string): number => Buffer.byteLength(frame) - 1;

test("asks for a task to be broken off", () => {
  expect(cancelFrame(7)).toBe('{"type":"cancel","id":7}\n');
});

test("gives the answer to a call as it is", () => {
  expect(resultFrame('"c1"', { ok: true, result: "12345678901234567890" })).toBe(
    '{"type":"result","id":"c1","result":12345678901234567890}\n',
  );
});

test.each([
  [null, "null"],
  ['{"class":"E"}', '{"class":"E"}'],
])("gives the error of a call, with details %p", (details, shown) => {
  const error = { code: "failed", message: 'no "file"', details } as const;
  expect(resultFrame("7", { ok: false, error })).toBe(
    `{"type":"result","id":7,"error":{"code":"failed","message":"no \\"file\\"","details":${shown}}}\n`,
  );
});

test.each([["x"], ["ü"], ["€"], ["🚗"]])(
  "an answer of as many %s as a frame holds is whole, and one more too large",
  (character) => {
    const framed = (count: number): string => resultFrame("1", { ok: true, result: `"${character.repeat(count)}"` });
    const room = Math.floor((maxFrameBytes - bytes(framed(0))) / Buffer.byteLength(character));
    expect(bytes(framed(room))).toBeLessThanOrEqual(maxFrameBytes);
    expect(JSON.parse(framed(room))).toEqual({ type: "result", id: 1, result: character.repeat(room) });
    expect(JSON.parse(framed(room + 1))).toMatchObject({ error: { code: "too_large", details: null } });
  },
);

test("details that fill no frame are left out, and a long message is cut", () => {
  const details = JSON.stringify("x".repeat(maxFrameBytes));
  const frame = resultFrame("1", { ok: false, error: { code: "failed", message: "m".repeat(5_000), details } });
  expect(JSON.parse(frame)).toEqual({
    type: "result",
    id: 1,
    error: { code: "failed", message: "m".repeat(1_000), details: null },
  });
});

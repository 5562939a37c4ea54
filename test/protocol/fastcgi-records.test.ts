import { describe, expect, test } from "bun:test";
import { type FastcgiFact, FastcgiReader } from "../../src/protocol/fastcgi-reader.ts";
import {
  abortRequest,
  beginRequest,
  encodeRecords,
  maxContentBytes,
  recordType,
  streamRecords,
} from "../../src/protocol/fastcgi-records.ts";
import { endRecord, record } from "../support/fastcgi-server.ts";

describe("a record", () => {
  test("says version, type, request 1, length and padding", () => {
    const bytes = encodeRecords([{ type: recordType.stdin, content: new TextEncoder().encode("hello") }]);
    expect([...bytes.subarray(0, 8)]).toEqual([1, 5, 0, 1, 0, 5, 3, 0]);
    expect(Buffer.from(bytes).toString("latin1", 8)).toBe("hello\0\0\0");
  });

  test("begins a request to a responder on a connection that is kept", () => {
    expect([...encodeRecords([beginRequest])]).toEqual([1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]);
  });

  test("aborts a request without content", () => {
    expect([...abortRequest]).toEqual([1, 2, 0, 1, 0, 0, 0, 0]);
  });

  test.each([
    [0, [0]],
    [1, [1, 0]],
    [maxContentBytes, [maxContentBytes, 0]],
    [maxContentBytes + 1, [maxContentBytes, 1, 0]],
    [200_000, [maxContentBytes, maxContentBytes, maxContentBytes, 200_000 - 3 * maxContentBytes, 0]],
  ])("a stream of %d bytes is cut into records and ended by an empty one", (size, lengths) => {
    expect(streamRecords(recordType.stdin, new Uint8Array(size)).map(({ content }) => content.length)).toEqual(lengths);
  });
});

/** Reads the bytes in pieces of this size; neighbouring pieces of a stream are put together. */
function readAll(bytes: Uint8Array, pieceBytes: number): unknown[] {
  const reader = new FastcgiReader();
  const facts: FastcgiFact[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) facts.push(...reader.read(bytes.subarray(at, at + pieceBytes)));
  const joined: { type: string; text?: string }[] = [];
  for (const fact of facts) {
    if (!("bytes" in fact)) joined.push(fact);
    else {
      const text = Buffer.from(fact.bytes).toString("latin1");
      const last = joined.at(-1);
      if (last?.type === fact.type) last.text += text;
      else joined.push({ type: fact.type, text });
    }
  }
  return joined;
}

describe("a reader", () => {
  const answer = Buffer.concat([
    record(7, "a warning"),
    record(6, "Status: 200\r\n\r\n"),
    record(6, "body", { padding: 255 }),
    record(6, "", { padding: 0 }),
    endRecord(0xfffffffe, 2),
    record(6, "next", { padding: 0 }),
    endRecord(),
  ]);

  test.each([1, 2, 3, 7, 8, 9, 16, 100, answer.length])("understands what comes %d bytes at a time", (pieceBytes) => {
    expect(readAll(answer, pieceBytes)).toEqual([
      { type: "stderr", text: "a warning" },
      { type: "stdout", text: "Status: 200\r\n\r\nbody" },
      { type: "end", applicationStatus: 0xfffffffe, protocolStatus: 2 },
      { type: "stdout", text: "next" },
      { type: "end", applicationStatus: 0, protocolStatus: 0 },
    ]);
  });

  test.each([
    ["another version", record(6, "x", { version: 2 }), "version 2 instead of 1"],
    ["what only a web server says", record(5, "x"), "a record of type 5"],
    ["another request", record(6, "x", { id: 258 }), "a record of request 258"],
    ["a short end", record(3, "x"), "an end of another length"],
    ["HTTP", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"), "version 72 instead of 1"],
  ])("finds %s broken, and reads no further", (_, bytes, why) => {
    expect(readAll(Buffer.concat([bytes, endRecord()]), 1000)).toEqual([{ type: "broken", why }]);
  });
});

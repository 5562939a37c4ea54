import { describe, expect, test } from "bun:test";
import { HttpAnswer } from "../../../src/surface/control/http-answer.ts";

function read(text: string, size: number): readonly [number, string, boolean, boolean] {
  let status = 0;
  let body = "";
  const answer = new HttpAnswer({ head: (given) => (status = given), body: (bytes) => (body += bytes.toString()) });
  const bytes = Buffer.from(text);
  let makesSense = true;
  for (let at = 0; at < bytes.length; at += size) makesSense &&= answer.push(bytes.subarray(at, at + size));
  return [status, body, answer.isWhole, makesSense];
}

describe.each([1, 3, 10_000])("in pieces of %i bytes", (size) => {
  test.each([
    ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", true],
    ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", 200, "hel", false],
    ["HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", 404, "", true],
    [
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA\r\n, worldly!\r\n0\r\n\r\n",
      200,
      "hello, worldly!",
      true,
    ],
    ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n", 200, "hello", false],
    ["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx", 200, "x", true],
    ["HTTP/1.1 200 OK\r\n\r\nto the end", 200, "to the end", false],
  ])("%j is read", (text, status, body, whole) => {
    expect(read(text, size)).toEqual([status, body, whole, true]);
  });

  test.each(["SSH-2.0\r\n", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"])("%j is no HTTP", (text) => {
    expect(read(text, size)[3]).toBe(false);
  });
});

import { describe, expect, test } from "bun:test";
import { bundlePing, parseBundleFrame } from "../../src/protocol/bundle-frames.ts";
import { parseWorkerFrame } from "../../src/protocol/worker-frames.ts";

const nothingMore = { id: null, durationSeconds: null, errorClass: null };

describe("parseWorkerFrame", () => {
  test.each([
    ['{"type":"ready"}', { type: "ready" }],
    ['{"type":"pong"}', { type: "pong" }],
    ['{"type":"progress","more":1}', { type: "progress" }],
    ['{"type":"slots","busy":2,"total":10}', { type: "slots", busy: 2, total: 10 }],
    [
      '{"type":"message","event":"received","transport":"async","class":"App\\\\Msg"}',
      { type: "message", event: "received", transport: "async", class: "App\\Msg", ...nothingMore },
    ],
    [
      '{"type":"message","event":"failed","transport":"async","class":"M","id":"7","duration_seconds":0.5,"error_class":"E"}',
      {
        type: "message",
        event: "failed",
        transport: "async",
        class: "M",
        id: "7",
        durationSeconds: 0.5,
        errorClass: "E",
      },
    ],
    [
      '{"type":"message","event":"handled","transport":"a","class":"M","id":7}',
      { type: "message", event: "handled", transport: "a", class: "M", ...nothingMore, id: "7" },
    ],
    [
      '{"type":"message","event":"handled","transport":"a","class":"M","id":null,"duration_seconds":-1,"error_class":""}',
      { type: "message", event: "handled", transport: "a", class: "M", ...nothingMore },
    ],
    [
      '{"type":"message","event":"handled","transport":"a","class":"M","duration_seconds":1e999,"id":[]}',
      { type: "message", event: "handled", transport: "a", class: "M", ...nothingMore },
    ],
    [
      '{"type":"call","id":"c1","consumer":"thumbs","payload":[1.0, 12345678901234567890]}',
      {
        type: "call",
        id: '"c1"',
        consumer: "thumbs",
        payload: "[1.0, 12345678901234567890]",
        timeoutMs: null,
      },
    ],
    [
      '{"type":"call","id":7,"consumer":"thumbs","timeout_seconds":0.0001,"payload":{"b":1,"a":{}}}',
      { type: "call", id: "7", consumer: "thumbs", payload: '{"b":1,"a":{}}', timeoutMs: 1 },
    ],
    [
      '{"payload":[1, 2],"timeout_seconds":1.5,"type":"call","consumer":"t","id":"\\n"}',
      { type: "call", id: '"\\n"', consumer: "t", payload: "[1, 2]", timeoutMs: 1_500 },
    ],
    [
      '{"type":"call","id":"c1","consumer":"t","payload":1,"payload":2}',
      { type: "call", id: '"c1"', consumer: "t", payload: "2", timeoutMs: null },
    ],
    [
      '{"type":"call","id":"c1","consumer":"t","payload":null,"timeout_seconds":-1}',
      { type: "call", id: '"c1"', consumer: "t", payload: "null", timeoutMs: null },
    ],
    ['{"type":"cancel","id":"c1"}', { type: "cancel", id: '"c1"' }],
  ])("takes %s", (line, expected) => {
    expect(parseWorkerFrame(line) as unknown).toEqual(expected);
  });

  test.each([
    ["", "malformed"],
    ["nonsense", "malformed"],
    ["[]", "malformed"],
    ["null", "malformed"],
    ['"ready"', "malformed"],
    ['{"type":1}', "malformed"],
    ["{}", "malformed"],
    ['{"type":"ready"', "malformed"],
    ['{"type":"slots","busy":3,"total":2}', "malformed"],
    ['{"type":"slots","busy":-1,"total":2}', "malformed"],
    ['{"type":"slots","busy":0,"total":0}', "malformed"],
    ['{"type":"slots","busy":0.5,"total":1}', "malformed"],
    ['{"type":"message","event":"eaten","transport":"a","class":"M"}', "malformed"],
    ['{"type":"message","event":"handled","transport":"","class":"M"}', "malformed"],
    ['{"type":"message","event":"handled","transport":"a"}', "malformed"],
    ['{"type":"message","event":"handled","transport":"a","class":5}', "malformed"],
    ['{"type":"call","id":"c1","consumer":"t"}', "malformed"],
    ['{"type":"call","id":"","consumer":"t","payload":1}', "malformed"],
    ['{"type":"call","id":1.5,"consumer":"t","payload":1}', "malformed"],
    ['{"type":"call","consumer":"t","payload":1}', "malformed"],
    ['{"type":"call","id":1,"consumer":"","payload":1}', "malformed"],
    ['{"type":"call","id":1,"payload":1}', "malformed"],
    [`{"type":"call","id":"${"x".repeat(501)}","consumer":"t","payload":1}`, "malformed"],
    ['{"type":"cancel"}', "malformed"],
    ['{"type":"cancel","id":""}', "malformed"],
    ['{"type":"hello","version":2}', "unknown_type"],
    ['{"type":"__proto__"}', "unknown_type"],
  ])("refuses %s", (line, expected) => {
    expect(parseWorkerFrame(line) as unknown).toBe(expected);
  });

  test("cuts texts that would make huge labels", () => {
    const frame = parseWorkerFrame(
      JSON.stringify({ type: "message", event: "handled", transport: "t".repeat(5_000), class: "M" }),
    );
    expect(frame).toMatchObject({ transport: "t".repeat(500) });
  });
});

describe("parseBundleFrame", () => {
  test("takes the bundle's messenger events, whatever their namespace", () => {
    const text = JSON.stringify({
      type: "App\\Ipc\\Message\\MessengerEventMessage",
      payload: { event: "handled", command: "App\\Msg", transport: "async", duration_seconds: 0.2 },
    });
    expect(parseBundleFrame(text)).toEqual({
      namespace: "App\\Ipc\\Message\\",
      frame: {
        type: "message",
        event: "handled",
        transport: "async",
        class: "App\\Msg",
        id: null,
        durationSeconds: 0.2,
        errorClass: null,
      },
    });
  });
  test("takes pongs, also those with PHP's empty list as payload", () => {
    expect(parseBundleFrame('{"type":"PongMessage","payload":[]}')).toEqual({ namespace: "", frame: { type: "pong" } });
  });
  test.each([
    ["{", "malformed"],
    ['{"payload":{}}', "malformed"],
    ['{"type":"X\\\\MessengerEventMessage","payload":[]}', "malformed"],
    ['{"type":"X\\\\SomethingElse","payload":{}}', "unknown_type"],
  ])("refuses %s", (text, expected) => {
    expect(parseBundleFrame(text) as unknown).toBe(expected);
  });
  test("a ping repeats the namespace the worker has shown", () => {
    expect(bundlePing("App\\Ipc\\")).toBe('@spm:{"type":"App\\\\Ipc\\\\PingMessage","payload":{}}\n');
  });
});

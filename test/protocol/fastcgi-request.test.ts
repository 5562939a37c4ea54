import { describe, expect, test } from "bun:test";
import type { FastcgiSpec } from "../../src/core/farm/tasks-spec.ts";
import { jsonPlace } from "../../src/protocol/fastcgi-json.ts";
import { fillIn, requestWriter } from "../../src/protocol/fastcgi-request.ts";
import { decodePairs } from "../support/fastcgi-server.ts";

interface Sent {
  readonly type: number;
  readonly content: Buffer;
}

/** The records of a request, which must fill it whole. */
function recordsOf(bytes: Uint8Array): Sent[] {
  const buffer = Buffer.from(bytes);
  const records: Sent[] = [];
  for (let at = 0; at < buffer.length;) {
    const length = buffer.readUInt16BE(at + 4);
    expect([buffer.readUInt8(at), buffer.readUInt16BE(at + 2)]).toEqual([1, 1]);
    records.push({ type: buffer.readUInt8(at + 1), content: buffer.subarray(at + 8, at + 8 + length) });
    at += 8 + length + buffer.readUInt8(at + 6);
  }
  return records;
}

function send(payload: string, params: FastcgiSpec["params"] = {}) {
  const spec: FastcgiSpec = { address: null, connections: 1, script: "/app/bin/task.php", params };
  const { bytes, longParam } = requestWriter(spec, "thumbs")(7, payload);
  const records = recordsOf(bytes);
  const stream = (type: number): Buffer[] => records.filter((each) => each.type === type).map(({ content }) => content);
  return {
    records,
    paramRecords: stream(4),
    params: decodePairs(Buffer.concat(stream(4))),
    stdin: stream(5),
    longParam,
  };
}

describe("a request", () => {
  test("is a POST of the payload to the script", () => {
    const { records, params, stdin } = send('{"a":"ü"}');
    expect(records.map(({ type }) => type)).toEqual([1, 4, 4, 5, 5]);
    expect(Buffer.concat(stdin).toString()).toBe('{"a":"ü"}');
    expect(params).toEqual({
      GATEWAY_INTERFACE: "CGI/1.1",
      SERVER_PROTOCOL: "HTTP/1.1",
      SERVER_SOFTWARE: "pm",
      SERVER_NAME: "localhost",
      SERVER_PORT: "80",
      REMOTE_ADDR: "127.0.0.1",
      REDIRECT_STATUS: "200",
      REQUEST_METHOD: "POST",
      REQUEST_URI: "/task.php",
      QUERY_STRING: "",
      SCRIPT_FILENAME: "/app/bin/task.php",
      SCRIPT_NAME: "/task.php",
      CONTENT_TYPE: "application/json",
      CONTENT_LENGTH: "10",
      PM_CONSUMER: "thumbs",
      PM_TASK_ID: "7",
    });
  });

  test("has each parameter once, and those of the file win", () => {
    const { params, paramRecords } = send('"x"', {
      SERVER_NAME: "example.org",
      PM_TASK_ID: "mine",
      CONTENT_TYPE: "{payload}",
    });
    expect(params).toMatchObject({ SERVER_NAME: "example.org", PM_TASK_ID: "mine", CONTENT_TYPE: "x" });
    expect(Buffer.concat(paramRecords).toString("latin1").split("SERVER_NAME")).toHaveLength(2);
    expect(Buffer.concat(paramRecords).toString("latin1").split("PM_TASK_ID")).toHaveLength(2);
    expect(Buffer.concat(paramRecords).toString("latin1").split("CONTENT_TYPE")).toHaveLength(2);
  });

  test.each([0, 1, 126, 127, 128, 129, 255, 256, 65_000])("says the length of a value of %d bytes", (size) => {
    const value = "v".repeat(size);
    expect(send(JSON.stringify(value), { DATA: "{payload}" }).params["DATA"]).toBe(value);
  });

  test("counts bytes, not characters", () => {
    const value = "é".repeat(100);
    const { params } = send(JSON.stringify(value), { DATA: "{payload}", AFTER: "it" });
    expect(params).toMatchObject({ DATA: value, AFTER: "it", CONTENT_LENGTH: "202" });
  });

  test("breaks no parameter over two records that fits into one", () => {
    const data = "d".repeat(40_000);
    const { paramRecords, params, longParam } = send(JSON.stringify(data), { A: "{payload}", B: "{payload}", C: "c" });
    expect(paramRecords).toHaveLength(3);
    expect(paramRecords.map((content) => Object.keys(decodePairs(content))).at(1)).toEqual(["B"]);
    expect(params).toMatchObject({ A: data, B: data, C: "c" });
    expect(longParam).toBeNull();
  });

  test("breaks one that is longer, and names it", () => {
    const data = "d".repeat(200_000);
    const { params, longParam } = send(JSON.stringify(data), { FIRST: "{payload.x}", DATA: "{payload}" });
    expect(params).toMatchObject({ FIRST: "", DATA: data });
    expect(longParam).toBe("DATA");
  });

  test("sends a payload of 20 MB whole", () => {
    const payload = JSON.stringify("ü".repeat(10_000_000));
    const { stdin, params } = send(payload);
    expect(Math.max(...stdin.map(({ length }) => length))).toBeLessThanOrEqual(65_535);
    expect(stdin.at(-1)).toHaveLength(0);
    expect(stdin.slice(0, -1).every(({ length }) => length > 0)).toBeTrue();
    expect(Buffer.concat(stdin).equals(Buffer.from(payload))).toBeTrue();
    expect(params["CONTENT_LENGTH"]).toBe("20000002");
  });
});

describe("a placeholder", () => {
  const payload = jsonPlace(
    Buffer.from('{"class":"App\\\\Job","args":[{"id": 12345678901234567890},"ü\\n"],"none":null}'),
  );

  test.each([
    ["{payload}", '{"class":"App\\\\Job","args":[{"id": 12345678901234567890},"ü\\n"],"none":null}'],
    ["{payload.class}", "App\\Job"],
    ["{payload.args.0}", '{"id": 12345678901234567890}'],
    ["{payload.args.0.id}", "12345678901234567890"],
    ["{payload.args.1}", "ü\n"],
    ["{payload.none}", "null"],
    ["{payload.args.2}", ""],
    ["{payload.what.ever}", ""],
    ["<{payload.class}|{payload.args.0.id}>", "<App\\Job|12345678901234567890>"],
    ["{payloads} {payload.} {other} $& $1", "{payloads} {payload.} {other} $& $1"],
  ])("%s becomes %j", (text, filled) => expect(fillIn(text, payload)).toBe(filled));
});

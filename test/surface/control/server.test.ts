import { describe, expect, test } from "bun:test";
import { tryConnect } from "../../../src/surface/control/client.ts";
import { jsonSchemaOf } from "../../../src/surface/control/json-schema-of.ts";
import { routes } from "../../../src/surface/control/routes.ts";
import { record, satisfies } from "../../config/satisfies.ts";
import { ask, raw, serve, until } from "./control-server.ts";
import { aLine, anEntry } from "./fake-ports.ts";

const post = (body: unknown): RequestInit => ({ method: "POST", body: JSON.stringify(body) });
const error = (code: string, message: string): unknown => ({ error: { code, message } });

const linesOf = async (unix: string, path: string): Promise<unknown[]> => {
  const response = await fetch(`http://pm${path}`, { unix });
  expect(response.headers.get("content-type")).toBe("application/x-ndjson");
  return (await response.text())
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
};

const openApi = async (unix: string): Promise<unknown> => (await ask(unix, "/v1/openapi.json"))[1];
const at = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce((inner, name) => record(inner)[name], value);

describe("operations", () => {
  const all = { slot: null };
  test.each([
    ["start", undefined, { action: "start", ...all }],
    ["stop", { slot: 2 }, { action: "stop", slot: 2 }],
    ["stop", { slot: null }, { action: "stop", ...all }],
    ["restart", {}, { action: "restart", ...all }],
    ["restart", { rolling: true }, { action: "rolling_restart", maxUnavailable: 1 }],
    ["restart", { rolling: true, max_unavailable: 3 }, { action: "rolling_restart", maxUnavailable: 3 }],
    ["pause", {}, { action: "pause", ...all }],
    ["resume", {}, { action: "resume", ...all }],
    ["scale", { size: 0 }, { action: "scale", size: 0 }],
    ["scale", { auto: true }, { action: "scale_auto" }],
    ["signal", { signal: "hup" }, { action: "signal", ...all, signal: "SIGHUP", group: false }],
    [
      "signal",
      { signal: "SIGUSR1", slot: 1, group: true },
      { action: "signal", slot: 1, signal: "SIGUSR1", group: true },
    ],
    ["signal", { signal: "9" }, { action: "signal", ...all, signal: "SIGKILL", group: false }],
  ])("%s with %j asks the farm for %j", async (verb, body, request) => {
    const { socket, ports } = await serve();
    const init = body === undefined ? { method: "POST" } : post(body);
    expect(await ask(socket, `/v1/consumers/mail%2F%C3%BCber/${verb}`, init)).toEqual([
      200,
      { result: "done", message: "async: 1 worker restarted" },
    ]);
    const who = { by: "somebody", reason: null };
    expect(ports.asked).toEqual([{ request: { consumer: "mail/über", ...request }, who, wait: true }]);
  });

  test("who asks and why is told, and that they do not want to wait", async () => {
    const { socket, ports } = await serve();
    await ask(socket, "/v1/consumers/async/stop", post({ by: "alice", reason: "deploy", wait: false }));
    expect(ports.asked).toMatchObject([{ who: { by: "alice", reason: "deploy" }, wait: false }]);
  });

  test.each([
    ["done", 200],
    ["accepted", 202],
    ["failed", 422],
    ["unknown_consumer", 404],
    ["unknown_slot", 404],
    ["conflict", 409],
  ] as const)("what came to %s is answered with %d", async (result, status) => {
    const { socket, ports } = await serve();
    ports.outcome = { result, message: "in words" };
    expect(await ask(socket, "/v1/consumers/async/stop", post({}))).toEqual([status, { result, message: "in words" }]);
  });

  test.each([
    ["restart", '{"slott":1}', 'unknown member "slott"; did you mean slot?'],
    ["stop", '{"size":1}', 'unknown member "size"; there are slot, by, reason, wait'],
    ["stop", '{"slot":-1}', "slot must be a whole number from 0 to 999999"],
    ["stop", '{"slot":1.5}', "slot must be a whole number from 0 to 999999"],
    ["stop", '{"slot":"1"}', "slot must be a whole number from 0 to 999999"],
    ["stop", '{"wait":"no"}', "wait must be true or false"],
    ["stop", '{"by":"a\\nb"}', "by must be one line without control characters"],
    ["stop", '{"by":""}', "by must not be empty"],
    ["stop", "[]", "the body must be a JSON object"],
    ["stop", "7", "the body must be a JSON object"],
    ["stop", "{", "the body is no JSON; send an object such as {}"],
    ["stop", "slot=1", "the body is no JSON; send an object such as {}"],
    ["signal", "{}", "signal is missing"],
    ["signal", '{"signal":"HUB"}', 'there is no signal "HUB"; did you mean HUP?'],
    ["signal", '{"signal":"FOO"}', 'there is no signal "FOO"; write TERM, HUP or USR1, for instance'],
    ["scale", "{}", "give either size, a number, or auto: true"],
    ["scale", '{"size":1,"auto":true}', "give either size, a number, or auto: true"],
    ["restart", '{"rolling":true,"slot":1}', "rolling goes with a whole consumer; leave slot out"],
    ["restart", '{"max_unavailable":2}', "max_unavailable goes with rolling; add rolling: true"],
    ["restart", '{"rolling":true,"max_unavailable":0}', "max_unavailable must be a whole number from 1 to 999999"],
  ])("%s with the body %s is refused: %s", async (verb, body, message) => {
    const { socket, ports } = await serve();
    const answer = await ask(socket, `/v1/consumers/async/${verb}`, { method: "POST", body });
    expect(answer).toEqual([400, error("bad_body", message)]);
    expect(ports.asked).toEqual([]);
  });

  test("a hundred clients that wait for an outcome all get it, and delay nobody meanwhile", async () => {
    const { socket, ports } = await serve();
    const { promise, resolve } = Promise.withResolvers<{ result: "done"; message: string }>();
    ports.outcome = promise;
    const waiting = Array.from({ length: 100 }, () => ask(socket, "/v1/consumers/async/restart", post({})));
    await until(() => ports.asked.length === 100);
    expect((await ask(socket, "/v1/status"))[0]).toBe(200);
    resolve({ result: "done", message: "at last" });
    const answers = await Promise.all(waiting);
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set(['[200,{"result":"done","message":"at last"}]']),
    );
  });
});

describe("reload and shutdown", () => {
  const plan = {
    consumers: [{ consumer: "mail", kind: "resized", keys: ["processes"], sizeBefore: "1", sizeAfter: "2" }],
    farmKeys: ["total_cap"],
    needsNewStart: ["control.socket"],
  } as const;
  const changes = [{ consumer: "mail", kind: "resized", keys: ["processes"], size_before: "1", size_after: "2" }];

  test.each([
    ["done", 200],
    ["planned", 200],
    ["rejected", 422],
    ["failed", 422],
    ["conflict", 409],
  ] as const)("a reload that is %s is answered with %d", async (result, status) => {
    const { socket, ports } = await serve();
    ports.reloaded = { result, message: "in words", problems: ["pm.yaml:1:1: no"], plan };
    expect(await ask(socket, "/v1/reload", post({ plan: true, by: "alice" }))).toEqual([
      status,
      {
        result,
        message: "in words",
        problems: ["pm.yaml:1:1: no"],
        changes,
        farm_keys: ["total_cap"],
        needs_new_start: ["control.socket"],
      },
    ]);
    expect(ports.asked).toEqual([{ reload: { by: "alice", reason: null }, planOnly: true }]);
  });

  test("a shutdown is accepted and asked for", async () => {
    const { socket, ports } = await serve();
    expect((await ask(socket, "/v1/shutdown", { method: "POST" }))[0]).toBe(202);
    expect(ports.asked).toEqual([{ shutdown: { by: "somebody", reason: null } }]);
  });
});

describe("paths, methods and queries", () => {
  test.each([
    ["GET", "/", 404, "not_found", "there is no /; GET /v1/ says what there is"],
    ["GET", "/v2/status", 404, "not_found", "there is no /v2/status; GET /v1/ says what there is"],
    ["GET", "/v1/status/", 404, "not_found", "there is no /v1/status/; GET /v1/ says what there is"],
    ["POST", "/v1/consumers//stop", 404, "not_found", "there is no /v1/consumers//stop; GET /v1/ says what there is"],
    [
      "POST",
      "/v1/consumers/a/b/stop",
      404,
      "not_found",
      "there is no /v1/consumers/a/b/stop; GET /v1/ says what there is",
    ],
    ["POST", "/v1/consumers/%ff/stop", 400, "bad_path", "the name of the consumer is not percent-encoded UTF-8"],
    ["POST", "/v1/status", 405, "method_not_allowed", "use GET, HEAD"],
    ["GET", "/v1/consumers/async/stop", 405, "method_not_allowed", "use POST"],
    ["DELETE", "/v1/events", 405, "method_not_allowed", "use GET, HEAD"],
    ["GET", "/v1/status?consumr=x", 400, "bad_query", 'unknown member "consumr"; did you mean consumer?'],
    ["GET", "/v1/logs?n=1&n=2", 400, "bad_query", "n is given twice; give it once"],
    ["GET", "/v1/logs?n=-1", 400, "bad_query", "n must be a whole number from 0 to 100000"],
    ["GET", "/v1/logs?level=loud", 400, "bad_query", "level must be debug, info, warning or error"],
    ["GET", "/v1/events?follow=yes", 400, "bad_query", "follow must be 1 or 0"],
    ["POST", "/v1/reload?plan=1", 400, "bad_query", 'unknown member "plan"; there are none here'],
    ["GET", "/v1/status?consumer=asynk", 404, "unknown_consumer", 'no consumer is called "asynk"; did you mean async?'],
    ["GET", "/v1/logs?consumer=asynk", 404, "unknown_consumer", 'no consumer is called "asynk"; did you mean async?'],
    ["GET", "/v1/events?consumer=asynk", 404, "unknown_consumer", 'no consumer is called "asynk"; did you mean async?'],
    [
      "GET",
      "/v1/consumers/x/explain",
      404,
      "unknown_consumer",
      'no consumer is called "x"; there are async, mail/über',
    ],
  ])("%s %s is %d", async (method, path, status, code, message) => {
    const { socket } = await serve();
    expect(await ask(socket, path, { method })).toEqual([status, error(code, message)]);
  });

  test("405 says what is allowed", async () => {
    const { socket: unix } = await serve();
    const response = await fetch("http://pm/v1/status", { unix, method: "PUT" });
    expect(response.headers.get("allow")).toBe("GET, HEAD");
  });

  test("HEAD is GET without the body, and begins no stream", async () => {
    const { socket: unix, ports } = await serve();
    const head = await fetch("http://pm/v1/status", { unix, method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect((await fetch("http://pm/v1/logs?follow=1", { unix, method: "HEAD" })).status).toBe(200);
    expect(ports.asked).toEqual([]);
  });

  test.each(["pm", "localhost", "any.thing:99", ""])("the Host header may be %p", async (host) => {
    const { socket } = await serve();
    const client = await raw(socket, `GET /v1/ HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
    expect(await client.heard("routes")).toStartWith("HTTP/1.1 200 OK");
  });

  test("a consumer is chosen by its name, decoded", async () => {
    const { socket } = await serve();
    const [, status] = await ask(socket, "/v1/status?consumer=mail%2F%C3%BCber");
    expect(status).toMatchObject({ consumers: [{ consumer: "mail/über" }] });
  });
});

test("a bug is a 500 for that one request, and is reported", async () => {
  const { socket, ports, bugs } = await serve();
  ports.bug = new Error("oops");
  expect(await ask(socket, "/v1/status")).toEqual([500, error("internal_error", "a bug of pm; its log says more")]);
  expect(bugs).toEqual([ports.bug]);
  ports.bug = null;
  expect((await ask(socket, "/v1/status"))[0]).toBe(200);
});

describe("lines", () => {
  test("the last events and lines come one a line, oldest first", async () => {
    const { socket } = await serve();
    expect(await linesOf(socket, "/v1/events?n=1")).toMatchObject([{ id: 2, at: "2026-01-01T00:00:00.000Z" }]);
    expect(await linesOf(socket, "/v1/events?consumer=async")).toMatchObject([{ id: 1 }]);
    expect(await linesOf(socket, "/v1/logs")).toMatchObject([{ text: "one" }, { text: "two", level: "error" }]);
  });

  test("what is asked of the log is handed on", async () => {
    const { socket, ports } = await serve();
    await linesOf(socket, "/v1/logs?consumer=async&slot=1&worker=7&stream=stderr&level=warning&n=5");
    expect(ports.asked).toEqual([
      { logs: { consumer: "async", slot: 1, worker: 7, stream: "stderr", minLevel: "warning", lines: 5 } },
    ]);
  });

  test("lines of a consumer that has left the farm are shown as long as there are any", async () => {
    const { socket, ports } = await serve();
    ports.written.push(aLine("last words", { consumer: "gone" }));
    expect(await linesOf(socket, "/v1/logs?consumer=gone")).toMatchObject([{ text: "last words" }]);
  });

  test("a follower hears what was, then what comes, and only of its consumer", async () => {
    const { socket, ports } = await serve();
    const follower = await raw(socket, "GET /v1/events?consumer=async&follow=1 HTTP/1.1\r\nhost: pm\r\n\r\n");
    await follower.heard('"id":1');
    for (const hear of ports.eventHearers) {
      hear(anEntry(3, { consumer: "mail" }));
      hear(anEntry(4));
    }
    const said = await follower.heard('"id":4');
    expect([...said.matchAll(/"id":(\d)/gu)].map(([, id]) => id)).toEqual(["1", "4"]);
  });

  test("a follower of a quiet farm sees at once that it was taken", async () => {
    const { socket, ports } = await serve();
    ports.entries.length = 0;
    const follower = await raw(socket, "GET /v1/events?follow=1 HTTP/1.1\r\nhost: pm\r\n\r\n");
    expect(await follower.heard("\r\n\r\n")).toContain("200 OK");
  });

  test("lines that were lost before they came here are told", async () => {
    const { socket, ports } = await serve();
    const follower = await raw(socket, "GET /v1/logs?follow=1 HTTP/1.1\r\nhost: pm\r\n\r\n");
    await follower.heard("two");
    for (const hear of ports.logHearers) hear([aLine("three")], 7);
    const said = await follower.heard("three");
    expect(said.indexOf('{"lost":7}')).toBeGreaterThan(said.indexOf("two"));
    expect(said.indexOf('{"lost":7}')).toBeLessThan(said.indexOf("three"));
  });

  test("a follower that goes away is forgotten", async () => {
    const { socket, ports } = await serve();
    for (const path of ["/v1/events", "/v1/logs"]) {
      const follower = await raw(socket, `GET ${path}?follow=1 HTTP/1.1\r\nhost: pm\r\n\r\n`);
      await until(() => ports.eventHearers.size + ports.logHearers.size === 1);
      follower.socket.destroy();
      await until(() => ports.eventHearers.size + ports.logHearers.size === 0);
    }
  });

  test("the server's end is the end of a stream, and what was put in before still arrives", async () => {
    const { socket, ports, server } = await serve();
    const follower = await raw(socket, "GET /v1/events?follow=1 HTTP/1.1\r\nhost: pm\r\n\r\n");
    await follower.heard('"id":2');
    for (const hear of ports.eventHearers) hear(anEntry(3, { message: "the end" }));
    await server.stop();
    expect(await follower.closed()).toContain("the end");
    expect(ports.eventHearers.size).toBe(0);
  });
});

test("who waits for an outcome that comes while the server stops still gets it", async () => {
  const { socket, ports, server } = await serve();
  const { promise, resolve } = Promise.withResolvers<{ result: "failed"; message: string }>();
  ports.outcome = promise;
  const answer = ask(socket, "/v1/consumers/async/restart", post({}));
  await until(() => ports.asked.length === 1);
  const stopped = server.stop();
  resolve({ result: "failed", message: "pm is stopping" });
  expect(await answer).toEqual([422, { result: "failed", message: "pm is stopping" }]);
  await stopped;
  expect(await tryConnect(socket)).not.toBeNull();
});

describe("the OpenAPI document", () => {
  test("has every route, and none that is not there", async () => {
    const { socket } = await serve();
    const document = await openApi(socket);
    const told = Object.entries(record(at(document, "paths"))).flatMap(([path, methods]) =>
      Object.keys(record(methods)).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const there = routes.map(({ method, path }) => `${method} ${path}`);
    expect(told.toSorted()).toEqual(there.toSorted());
    const [, index] = await ask(socket, "/v1/");
    const listed = at(index, "routes");
    expect(Array.isArray(listed) ? listed.length : 0).toBe(there.length);
  });

  test("every reference in it leads somewhere", async () => {
    const { socket } = await serve();
    const document = await openApi(socket);
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/gu)].map(([, path = ""]) => path);
    expect(references.length).toBeGreaterThan(20);
    expect(references.filter((path) => at(document, ...path.split("/")) === undefined)).toEqual([]);
  });

  const consumers = ["start", "stop", "restart", "pause", "resume", "scale", "signal"].flatMap((verb) => [
    ["POST", `/v1/consumers/{consumer}/${verb}`, `/v1/consumers/async/${verb}`, { auto: true }] as const,
    ["POST", `/v1/consumers/{consumer}/${verb}`, `/v1/consumers/async/${verb}`, { signal: "HUP" }] as const,
    ["POST", `/v1/consumers/{consumer}/${verb}`, `/v1/consumers/async/${verb}`, {}] as const,
  ]);
  test.each([
    ["GET", "/v1/", "/v1/", null],
    ["GET", "/v1/openapi.json", "/v1/openapi.json", null],
    ["GET", "/v1/status", "/v1/status", null],
    ["GET", "/v1/status", "/v1/status?consumer=nobody", null],
    ["GET", "/v1/status", "/v1/status?x=1", null],
    ["GET", "/v1/consumers/{consumer}/explain", "/v1/consumers/async/explain", null],
    ["GET", "/v1/consumers/{consumer}/explain", "/v1/consumers/nobody/explain", null],
    ...consumers,
    ["POST", "/v1/reload", "/v1/reload", {}],
    ["POST", "/v1/shutdown", "/v1/shutdown", {}],
    ["GET", "/v1/events", "/v1/events", null],
    ["GET", "/v1/events", "/v1/events?consumer=nobody", null],
    ["GET", "/v1/logs", "/v1/logs", null],
    ["GET", "/v1/logs", "/v1/logs?consumer=nobody", null],
  ] as const)("%s %s answers %s with %j as it says", async (method, route, path, body) => {
    const { socket: unix } = await serve();
    const document = await openApi(unix);
    const init = body === null ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`http://pm${path}`, { unix, method, ...init });
    const content = at(document, "paths", route, method.toLowerCase(), "responses", String(response.status), "content");
    const schema = at(content, response.headers.get("content-type") ?? "", "schema");
    expect(schema).toBeDefined();
    const lines = (await response.text()).trim().split("\n");
    expect(lines.filter((line) => !satisfies(JSON.parse(line), schema, document))).toEqual([]);
  });
});

describe("jsonSchemaOf", () => {
  test("throws on what it does not know, so that nothing is left out in silence", () => {
    expect(() => jsonSchemaOf({ type: "bigint" }, "document")).toThrow("no JSON Schema for bigint");
  });
});

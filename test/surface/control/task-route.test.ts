import { describe, expect, test } from "bun:test";
import type { TaskErrorCode } from "../../../src/core/tasks/task.ts";
import { fine } from "../../support/fake-desk.ts";
import { ask, raw, serve, until } from "./control-server.ts";

const path = "/v1/consumers/async/tasks";
const json = (body: string): RequestInit => ({
  method: "POST",
  body,
  headers: { "content-type": "application/json" },
});
const ndjson = (body: string | Uint8Array): RequestInit => ({
  method: "POST",
  body,
  headers: { "content-type": "application/x-ndjson" },
});

/** A pool that gives back each payload. */
async function echo() {
  const served = await serve();
  const { inlet } = served.ports.tasks;
  inlet.answer = ({ payload }) => fine(payload);
  return { ...served, inlet };
}

async function textOf(unix: string, to: string, init: RequestInit): Promise<string> {
  return await (await fetch(`http://pm${to}`, { unix, ...init })).text();
}

describe("a task", () => {
  test.each([
    ['{"payload":{"a":9007199254740993, "b":1.0}}', "", '{"a":9007199254740993, "b":1.0}', {}],
    ['{ "id": "x", "payload" : [1e400],\n"retries":2 }', "", "[1e400]", { retries: 2 }],
    [
      '{"payload":1,"timeout_seconds":0.25,"priority":-3,"key":"k"}',
      "",
      "1",
      { timeoutMs: 250, priority: -3, key: "k" },
    ],
    ['{"payload":"}\\"{","payload":"last"}', "", '"last"', {}],
    ["[1,\n2]", "?bare=1", "[1, 2]", {}],
    ["7", "?bare=1&timeout_seconds=2&retries=1&priority=5", "7", { timeoutMs: 2_000, retries: 1, priority: 5 }],
  ])("%s%s is handed in with its payload as it was written", async (body, query, payload, more) => {
    const { socket, inlet } = await echo();
    await ask(socket, path + query, json(body));
    const usual = { timeoutMs: null, retries: null, priority: 0, key: null, chain: [] };
    expect(inlet.submitted).toEqual([{ ...usual, ...more, payload }]);
  });

  test.each([
    ['{"id":7,"payload":9007199254740993}', '{"id":7,"result":9007199254740993}\n'],
    ['{"id":"a\\"b","payload":null}', '{"id":"a\\"b","result":null}\n'],
    ['{"payload":1}', '{"id":null,"result":1}\n'],
  ])("%s is answered %s", async (body, answer) => {
    const { socket } = await echo();
    expect(await textOf(socket, path, json(body))).toBe(answer);
  });

  const codes: readonly [TaskErrorCode, number][] = [
    ["failed", 422],
    ["lost", 502],
    ["timeout", 504],
    ["overloaded", 429],
    ["unavailable", 503],
    ["shutting_down", 503],
    ["too_large", 413],
    ["loop", 508],
  ];
  test.each(codes)("that ends as %s is a %i", async (code, status) => {
    const { socket, inlet } = await echo();
    inlet.answer = () => ({ ok: false, error: { code, message: "why", details: '{"x":1}' } });
    const response = await fetch(`http://pm${path}`, { unix: socket, ...json('{"payload":1,"id":"i"}') });
    expect(response.status).toBe(status);
    expect(response.headers.get("retry-after")).toBe(code === "overloaded" ? "1" : null);
    expect(await response.json()).toEqual({ id: "i", error: { code, message: "why", details: { x: 1 } } });
  });

  test.each([
    ["", "", 400, "bad_request"],
    ["{", "", 400, "bad_request"],
    ["[]", "", 400, "bad_request"],
    ['{"payloud":1}', "", 400, "bad_request"],
    ['{"payload":1,"retries":-1}', "", 400, "bad_request"],
    ['{"payload":1,"id":{}}', "", 400, "bad_request"],
    ['{"payload":1}', "?retries=x", 400, "bad_query"],
    ['{"payload":1}', "?bore=1", 400, "bad_query"],
  ])("%j%s is refused and never handed in", async (body, query, status, code) => {
    const { socket, inlet } = await echo();
    expect(await ask(socket, path + query, json(body))).toEqual([
      status,
      { error: { code, message: expect.any(String) } },
    ]);
    expect(inlet.submitted).toEqual([]);
  });

  test.each([
    ["nobody", "unknown_consumer"],
    [encodeURIComponent("mail/über"), "takes_no_tasks"],
  ])("for %s is refused as %s", async (name, code) => {
    const { socket } = await echo();
    const answer = await ask(socket, `/v1/consumers/${name}/tasks`, json('{"payload":1}'));
    expect(answer).toEqual([404, { error: { code, message: expect.any(String) } }]);
  });

  test("that is no UTF-8 is refused", async () => {
    const { socket } = await echo();
    const body = Uint8Array.from([34, 0xff, 34]);
    expect((await ask(socket, `${path}?bare=1`, { method: "POST", body }))[0]).toBe(400);
  });

  test.each(["content-length: 100000000", "transfer-encoding: chunked"])(
    "that is larger than the pool takes is refused before it is there (%s)",
    async (header) => {
      const { socket, inlet } = await echo();
      const client = await raw(socket, `POST ${path} HTTP/1.1\r\nhost: pm\r\n${header}\r\n\r\n`);
      for (let kib = 0; kib < 80; kib++) client.socket.write(`400\r\n${" ".repeat(1_024)}\r\n`);
      expect(await client.closed()).toStartWith("HTTP/1.1 413 ");
      expect(inlet.submitted).toEqual([]);
    },
  );

  test("that is larger than other requests may be is taken", async () => {
    const { socket, inlet } = await echo();
    inlet.maxBytes = 1_000_000;
    const payload = JSON.stringify("x".repeat(500_000));
    expect(await textOf(socket, path, json(`{"payload":${payload}}`))).toBe(`{"id":null,"result":${payload}}\n`);
  });

  test("that is large is refused without being read when there is no room", async () => {
    const { socket, inlet } = await echo();
    inlet.capacity = 0;
    inlet.maxBytes = 1_000_000;
    const client = await raw(socket, `POST ${path} HTTP/1.1\r\nhost: pm\r\ncontent-length: 900000\r\n\r\n`);
    const said = await client.closed();
    expect(said).toStartWith("HTTP/1.1 429 ");
    expect(said.toLowerCase()).toContain("retry-after: 1");
  });

  test("whose client leaves is called off", async () => {
    const { socket, ports } = await serve();
    const { inlet } = ports.tasks;
    const client = await raw(socket, `POST ${path} HTTP/1.1\r\nhost: pm\r\ncontent-length: 13\r\n\r\n{"payload":1}`);
    await until(() => inlet.held.length === 1);
    client.socket.destroy();
    await until(() => inlet.cancelled === 1);
  });
});

describe("a stream of tasks", () => {
  test.each([
    [
      '{"payload":1}\n{"id":"x","payload":2}\n{"payload":3}',
      "",
      ['{"id":1,"result":1}', '{"id":"x","result":2}', '{"id":3,"result":3}'],
    ],
    [
      '9007199254740993\r\n {"a" : 1.0}\n',
      "?bare=1&n=41",
      ['{"id":41,"result":9007199254740993}', '{"id":42,"result":{"a" : 1.0}}'],
    ],
    ["", "?bare=1", []],
    ['"€😀"\n', "?bare=1", ['{"id":1,"result":"€😀"}']],
  ])("%j%s is answered line by line", async (body, query, lines) => {
    const { socket } = await echo();
    expect(await textOf(socket, path + query, ndjson(body))).toBe(lines.map((line) => `${line}\n`).join(""));
  });

  test("what is no task gets an error at its place, and the others their answers", async () => {
    const { socket } = await echo();
    const bytes = Buffer.concat([
      Buffer.from('1\nnope\n\n"'),
      Buffer.of(0xff),
      Buffer.from('"\n"ü"\n'),
      Buffer.alloc(70_000, 32),
      Buffer.from("\n6"),
    ]);
    const lines = (await textOf(socket, `${path}?bare=1`, ndjson(bytes)))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ id, result, error }) => [id, error?.code ?? result])).toEqual([
      [1, 1],
      [2, "bad_request"],
      [3, "bad_request"],
      [4, "bad_request"],
      [5, "ü"],
      [6, "too_large"],
      [7, 6],
    ]);
  });

  test("answers keep the order of the tasks, whoever is done first", async () => {
    const { socket, ports } = await serve();
    const { inlet } = ports.tasks;
    const answer = textOf(socket, `${path}?bare=1`, ndjson("1\n2\n3\n4\n"));
    await until(() => inlet.held.length === 4);
    for (const at of [2, 0, 1, 0]) inlet.finish(inlet.held[at]);
    expect(await answer).toBe([1, 2, 3, 4].map((n) => `{"id":${n},"result":${n}}\n`).join(""));
  });

  test("no more tasks are under way than keep the pool busy", async () => {
    const { socket, inlet } = await echo();
    const count = 5_000;
    const body = Array.from({ length: count }, (_, n) => `${n}\n`).join("");
    const lines = (await textOf(socket, `${path}?bare=1`, ndjson(body))).trim().split("\n");
    expect(lines).toEqual(Array.from({ length: count }, (_, n) => `{"id":${n + 1},"result":${n}}`));
    expect(inlet.mostHeld).toBe(inlet.appetite);
  });

  test("a stream waits for room and is never refused, even by a pool that had some a moment ago", async () => {
    const { socket, ports } = await serve();
    const { inlet } = ports.tasks;
    inlet.capacity = 0;
    const answer = textOf(socket, `${path}?bare=1`, ndjson("1\n2\n"));
    await until(() => inlet.waiting === 1);
    expect(inlet.submitted).toEqual([]);
    inlet.makeRoom(2);
    await until(() => inlet.held.length === 2);
    inlet.capacity = 0;
    inlet.finish(inlet.held[0], { ok: false, error: { code: "overloaded", message: "moved", details: null } });
    await until(() => inlet.waiting === 1);
    inlet.finish();
    inlet.makeRoom(2);
    await until(() => inlet.held.length === 1);
    inlet.finish();
    expect(await answer).toBe('{"id":1,"result":1}\n{"id":2,"result":2}\n');
  });

  test("lines that wait for room hear it when the pool refuses all, and so do those that come later", async () => {
    const { socket, ports } = await serve();
    const { inlet } = ports.tasks;
    inlet.capacity = 1;
    const answer = textOf(socket, `${path}?bare=1`, ndjson("1\n2\n3\n"));
    await until(() => inlet.waiting === 1);
    inlet.refusal = { ok: false, error: { code: "unavailable", message: "stopped", details: null } };
    inlet.makeRoom(0);
    inlet.finish();
    const stopped = '"error":{"code":"unavailable","message":"stopped"}';
    const refused = `{"id":2,${stopped}}\n{"id":3,${stopped}}\n`;
    expect(await answer).toBe(`{"id":1,"result":1}\n${refused}`);
    expect(await textOf(socket, `${path}?bare=1`, ndjson("4\n"))).toBe(`{"id":1,${stopped}}\n`);
  });

  test("answers come as they are there, while the stream goes on", async () => {
    const { socket } = await echo();
    const head = `POST ${path}?bare=1 HTTP/1.1\r\nhost: pm\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n`;
    const client = await raw(socket, `${head}2\r\n1\n\r\n`);
    await client.heard('{"id":1,"result":1}\n');
    client.socket.write("2\r\n2\n\r\n");
    await client.heard('{"id":2,"result":2}\n');
    client.socket.write("0\r\n\r\n");
    expect(await client.heard("\r\n0\r\n\r\n")).toEndWith("0\r\n\r\n");
  });

  test("its tasks are called off when the client leaves", async () => {
    const { socket, ports, bugs } = await serve();
    const { inlet } = ports.tasks;
    const head = `POST ${path}?bare=1 HTTP/1.1\r\nhost: pm\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n`;
    const client = await raw(socket, `${head}6\r\n1\n2\n3\n\r\n`);
    await until(() => inlet.held.length === 3);
    client.socket.destroy();
    await until(() => inlet.cancelled === 3);
    expect(bugs).toEqual([]);
  });

  test("a client that does not read its answers is read no further", async () => {
    const { socket, inlet } = await echo();
    const result = JSON.stringify("x".repeat(1_000));
    inlet.answer = () => fine(result);
    const head = `POST ${path}?bare=1 HTTP/1.1\r\nhost: pm\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n`;
    const client = await raw(socket, head);
    client.socket.pause();
    const chunk = "1\n".repeat(500);
    for (let n = 0; n < 100; n++) client.socket.write(`3e8\r\n${chunk}\r\n`);
    let before = -1;
    // Until a hundred requests of others see no progress: what it holds is bounded.
    while (before !== inlet.submitted.length) {
      before = inlet.submitted.length;
      for (let n = 0; n < 100; n++) await ask(socket, "/v1/");
    }
    expect(inlet.submitted.length).toBeLessThan(20_000); // of 50,000
    client.socket.write("0\r\n\r\n");
    client.socket.resume();
    await until(() => inlet.submitted.length === 50_000);
  });

  test("a server that stops answers what is in hand", async () => {
    const { socket, ports, server } = await serve();
    const { inlet } = ports.tasks;
    const head = `POST ${path}?bare=1 HTTP/1.1\r\nhost: pm\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n`;
    const client = await raw(socket, `${head}2\r\n1\n\r\n`);
    await until(() => inlet.held.length === 1);
    const stopped = server.stop();
    inlet.finish();
    expect(await client.closed()).toContain('{"id":1,"result":1}\n');
    await stopped;
  });
});

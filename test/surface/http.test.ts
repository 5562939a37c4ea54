import { afterEach, describe, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import type { FarmSnapshot } from "../../src/core/farm/snapshot.ts";
import { type HttpOptions, type HttpServer, type HttpStart, startHttp } from "../../src/surface/http.ts";
import { aConsumer, aFarm, aWorker } from "../core/farm/samples.ts";

const page = "# HELP x A number.\n# TYPE x gauge\nx 1\n";
const fine = aFarm([aConsumer()]);
const started: HttpServer[] = [];

const start = (given: Partial<HttpOptions>): Promise<HttpStart> =>
  startHttp({ host: "127.0.0.1", port: 0, snapshot: () => fine, metricsPage: () => page, ...given });

async function serve(given: Partial<HttpOptions> = {}): Promise<HttpServer> {
  const outcome = await start(given);
  if (!outcome.ok) throw new Error(outcome.message);
  started.push(outcome.server);
  return outcome.server;
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

async function ask(server: HttpServer, path: string, method = "GET"): Promise<[number, string | null, string]> {
  const response = await fetch(`${server.address}${path}`, { method });
  return [response.status, response.headers.get("content-type"), await response.text()];
}

/** Opens a connection, sends the text as it is and gives all that comes back until the server closes or has answered. */
function sendRaw(server: HttpServer, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, "127.0.0.1", () => socket.write(text));
    let answer = "";
    socket.on("data", (chunk) => {
      answer += String(chunk);
      if (answer.includes("\r\n\r\n")) socket.destroy();
    });
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });
}

function openSilent(server: HttpServer, text: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, "127.0.0.1", () => {
      socket.write(text);
      resolve(socket);
    });
    socket.on("error", reject);
  });
}

describe("what is served", () => {
  const metricsType = "text/plain; version=0.0.4; charset=utf-8";
  test.each([
    ["/", 200, "application/json", '{"status":"ok"}'],
    ["/?from=probe", 200, "application/json", '{"status":"ok"}'],
    ["/livez", 200, "application/json", '{"status":"ok"}'],
    ["/readyz", 200, "application/json", '{"status":"ready"}'],
    ["/metrics", 200, metricsType, page],
    ["/metrics?name[]=x", 200, metricsType, page],
    [
      "/metrics/",
      404,
      "application/json",
      '{"status":"error","error":"not found; there are / /livez /readyz /metrics"}',
    ],
    [
      "/nothing",
      404,
      "application/json",
      '{"status":"error","error":"not found; there are / /livez /readyz /metrics"}',
    ],
  ])("GET %s is %d %s", async (path, status, type, body) => {
    expect(await ask(await serve(), path)).toEqual([status, type, body]);
  });

  test.each(["/", "/livez", "/readyz", "/metrics", "/nothing"])("HEAD %s is GET without the body", async (path) => {
    const server = await serve();
    const [get, head] = [
      await fetch(`${server.address}${path}`),
      await fetch(`${server.address}${path}`, { method: "HEAD" }),
    ];
    const size = String((await get.bytes()).length);
    expect([head.status, head.headers.get("content-type"), await head.text()]).toEqual([
      get.status,
      get.headers.get("content-type"),
      "",
    ]);
    expect(head.headers.get("content-length")).toBe(size);
  });

  test.each(["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])("%s is 405 and names what is allowed", async (method) => {
    const response = await fetch(`${(await serve()).address}/metrics`, { method });
    expect([response.status, response.headers.get("allow"), await response.text()]).toEqual([
      405,
      "GET, HEAD",
      '{"status":"error","error":"method not allowed; use GET or HEAD"}',
    ]);
  });

  test("a farm that is not ready is 503 with the reason of each consumer", async () => {
    const snapshot: FarmSnapshot = aFarm([
      aConsumer({ workers: [aWorker({ state: "starting" })] }),
      aConsumer({ name: "mail" }),
    ]);
    const [status, type, body] = await ask(await serve({ snapshot: () => snapshot }), "/readyz");
    expect([status, type]).toEqual([503, "application/json"]);
    expect(JSON.parse(body)).toEqual({
      status: "not_ready",
      reasons: [{ consumer: "async", reason: "starting", detail: "0 of 1 worker ready; worker 1 is starting" }],
    });
  });

  test("a source that fails is named by a farm that is ready, and by one that is not", async () => {
    const warnings = [{ consumer: "mail", reason: "source_failing", detail: "list mail: no answer within 2000 ms" }];
    const mail = aConsumer({ name: "mail", sourceFailure: "list mail: no answer within 2000 ms" });
    const answerOf = async (state: "ready" | "starting") => {
      const snapshot = aFarm([aConsumer({ workers: [aWorker({ state })] }), mail]);
      const [status, , body] = await ask(await serve({ snapshot: () => snapshot }), "/readyz");
      return [status, JSON.parse(body)];
    };
    expect(await answerOf("ready")).toEqual([200, { status: "ready", warnings }]);
    expect(await answerOf("starting")).toEqual([503, { status: "not_ready", reasons: [expect.anything()], warnings }]);
  });

  test("readiness is judged anew for every request", async () => {
    let snapshot = fine;
    const server = await serve({ snapshot: () => snapshot });
    expect((await ask(server, "/readyz"))[0]).toBe(200);
    snapshot = aFarm([], "stopping");
    expect((await ask(server, "/readyz"))[0]).toBe(503);
    expect((await ask(server, "/livez"))[0]).toBe(200);
  });

  test("a page that fails is a 500 without a stack and harms no other request", async () => {
    const server = await serve({ metricsPage: () => Promise.reject(new Error("secret")) });
    expect(await ask(server, "/metrics")).toEqual([
      500,
      "application/json",
      '{"status":"error","error":"internal error"}',
    ]);
    expect((await ask(server, "/"))[0]).toBe(200);
  });
});

describe("clients that mean no good", () => {
  test.each([
    ["a Host with a space", "GET /metrics HTTP/1.1\r\nHost: a b\r\n\r\n", "200"],
    ["a Host that is no host", "GET /metrics HTTP/1.1\r\nHost: [::\r\n\r\n", "200"],
    ["a Host with a path", "GET /metrics HTTP/1.1\r\nHost: x/livez?y\r\n\r\n", "200"],
    ["a doubled slash", "GET //metrics HTTP/1.1\r\nHost: x\r\n\r\n", "404"],
    ["no Host", "GET /metrics HTTP/1.0\r\n\r\n", "200"],
    ["a broken escape in the path", "GET /%E0%A4%A HTTP/1.1\r\nHost: x\r\n\r\n", "404"],
    ["a body over the limit", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n", "413"],
    ["no HTTP at all", "\0\u0001\u0002\r\n\r\n", "400"],
  ])("%s gets an answer", async (_, text, status) => {
    expect(await sendRaw(await serve(), text)).toStartWith(`HTTP/1.1 ${status} `);
  });

  test("silent and half-finished connections do not hold up 200 others, the stop or the port", async () => {
    const server = await serve();
    const idle = await Promise.all(["", "GET /metrics HTTP/1.1\r\nHost:", ""].map((text) => openSilent(server, text)));
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, n) => ask(server, n % 2 === 0 ? "/readyz" : "/metrics")),
    );
    expect(new Set(answers.map(([status]) => status))).toEqual(new Set([200]));
    await server.stop();
    expect((await serve({ port: server.port })).port).toBe(server.port);
    for (const socket of idle) socket.destroy();
  });
});

describe("where it listens", () => {
  test("port 0 takes a free port and tells which", async () => {
    const server = await serve();
    expect(server.port).toBeGreaterThan(0);
    expect(server.address).toBe(`http://127.0.0.1:${server.port}`);
  });

  test("a port in use is a value that names it, and the first server goes on", async () => {
    const server = await serve();
    expect(await start({ port: server.port })).toEqual({
      ok: false,
      message: `http_server: cannot listen on 127.0.0.1:${server.port}: the port is in use; stop the other program or set http_server.port (0 takes a free one)`,
    });
    expect((await ask(server, "/"))[0]).toBe(200);
  });

  test("a stopped server frees its port at once", async () => {
    const first = await serve();
    await first.stop();
    expect((await serve({ port: first.port })).port).toBe(first.port);
  });

  test.each(["not a host", "name.invalid", "999.1.1.1", "", " ", "[::1"])(
    "the host %j is refused in one line",
    async (host) => {
      expect(await start({ host })).toMatchObject({
        ok: false,
        message: expect.stringMatching(/^http_server\.host: "[^\n]*" is not an address/u),
      });
    },
  );

  test("an address of another machine is refused in one line", async () => {
    expect(await start({ host: "192.0.2.1" })).toMatchObject({
      ok: false,
      message: expect.stringMatching(/192\.0\.2\.1:0: this machine has no such address/u),
    });
  });

  const hasIpv6 = Object.values(networkInterfaces()).some((ends) => ends?.some((end) => end.address === "::1"));
  if (!hasIpv6) console.log("skipped: IPv6 tests, because this machine has no ::1");

  test.skipIf(!hasIpv6).each([
    ["::1", "[::1]"],
    ["[::1]", "[::1]"],
    ["::", "[::]"],
  ])("the IPv6 host %s is reported as a URL with brackets", async (host, shown) => {
    const server = await serve({ host });
    expect(server.address).toBe(`http://${shown}:${server.port}`);
    expect((await fetch(`http://[::1]:${server.port}/livez`)).status).toBe(200);
  });
});

import { describe, expect, test } from "bun:test";
import type { QueueSpec } from "../../src/core/farm/scaling-spec.ts";
import { openQueue } from "../../src/queues/open-queue.ts";
import type { QueueReading } from "../../src/queues/queue.ts";

type Answer = (request: Request) => Response | Promise<Response>;

/** A server on a port of its own. Its URL has a user and a password in it. */
function serve(answer: Answer): { readonly url: string } & AsyncDisposable {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: answer });
  return {
    url: `http://bob:hunter2@127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

async function ask(spec: QueueSpec, timeoutMs = 2000): Promise<QueueReading> {
  const queue = openQueue(spec, timeoutMs);
  try {
    return await queue.depth();
  } finally {
    queue.close();
  }
}

const json = (url: string, path: (string | number)[] = ["depth"], headers = {}): QueueSpec => ({
  kind: "http",
  url,
  headers,
  path,
});
const rabbitmq = (url: string, vhost = "/", queue = "jobs"): QueueSpec => ({ kind: "rabbitmq", url, vhost, queue });
const prometheus = (url: string, query = "up"): QueueSpec => ({ kind: "prometheus", url, query });

interface Heard {
  readonly url: string;
  readonly headers: Headers;
}

/** The request a source sends. */
async function requestOf(spec: (url: string) => QueueSpec): Promise<Heard> {
  const heard = Promise.withResolvers<Heard>();
  await using server = serve((request) => {
    heard.resolve({ url: request.url, headers: new Headers(request.headers) });
    return Response.json({});
  });
  await ask(spec(server.url));
  return heard.promise;
}

describe("a number in a JSON document", () => {
  test.each([
    [["depth"], { depth: 7 }, 7],
    [["depth"], { depth: "7" }, 7],
    [["queues", 1, "ready"], { queues: [{}, { ready: 3 }] }, 3],
    [[], 12, 12],
    [[0], [4], 4],
  ])("is found at %j", async (path, document, depth) => {
    await using server = serve(() => Response.json(document));
    expect(await ask(json(server.url, path))).toEqual({ ok: true, depth });
  });

  test.each<[string, Answer, string]>([
    ["a document without it", () => Response.json({ a: 1 }), "the answer has nothing at depth"],
    ["what every object has", () => Response.json({}), "the answer has nothing at depth"],
    ["null", () => Response.json({ depth: null }), "it gave null, which is no number"],
    ["a negative number", () => Response.json({ depth: -4 }), "it gave -4, which is below 0"],
    ["garbage", () => new Response("<html>"), "the answer is no JSON"],
    ["nothing", () => new Response(""), "the answer is no JSON"],
    ["an error", () => new Response(`{"depth":1}`, { status: 500 }), "HTTP 500"],
    ["a refusal", () => new Response("", { status: 403 }), "HTTP 403"],
  ])("is missed in %s", async (_, answer, why) => {
    await using server = serve(answer);
    expect(await ask(json(server.url))).toEqual({ ok: false, why });
  });

  test("is told with its whole path when it is missed", async () => {
    await using server = serve(() => Response.json({ queues: [] }));
    const reading = await ask(json(server.url, ["queues", 2, "ready"]));
    expect(reading).toEqual({ ok: false, why: "the answer has nothing at queues[2]" });
  });

  test("is not looked for in what an object inherits", async () => {
    await using server = serve(() => Response.json({}));
    expect((await ask(json(server.url, ["constructor", "length"]))).ok).toBe(false);
  });

  test("is asked for with the headers given, and the user of the URL where they name none", async () => {
    const plain = await requestOf((url) => json(url, [], { "X-Token": "t" }));
    expect([plain.headers.get("x-token"), plain.headers.get("authorization")]).toEqual([
      "t",
      `Basic ${btoa("bob:hunter2")}`,
    ]);
    const own = await requestOf((url) => json(url, [], { Authorization: "Bearer t" }));
    expect(own.headers.get("authorization")).toBe("Bearer t");
  });

  test("is not followed elsewhere, nor are the credentials", async () => {
    const visits: string[] = [];
    await using elsewhere = serve((request) => {
      visits.push(request.url);
      return Response.json({ depth: 1 });
    });
    await using server = serve(() => Response.redirect(elsewhere.url));
    expect(await ask(json(server.url))).toEqual({
      ok: false,
      why: "HTTP 302: a redirect, which pm does not follow; give the URL it leads to",
    });
    expect(visits).toEqual([]);
  });

  test("is not looked for in more than 1 MiB, and the rest is not fetched", async () => {
    const cancelled = Promise.withResolvers<void>();
    const endless = (): Response =>
      new Response(
        new ReadableStream({
          pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(32)),
          cancel: () => cancelled.resolve(),
        }),
      );
    await using server = serve(endless);
    expect(await ask(json(server.url))).toEqual({ ok: false, why: "the answer is longer than 1048576 bytes" });
    await cancelled.promise;
  });

  test("is asked for on a connection that ends with the answer", async () => {
    const closed = Promise.withResolvers<void>();
    const answer = "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\n7";
    using server = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: { data: (socket) => void socket.write(answer), close: () => closed.resolve() },
    });
    expect(await ask(json(`http://127.0.0.1:${server.port}`, []))).toEqual({ ok: true, depth: 7 });
    await closed.promise;
  });

  test("is bounded after decompression, not before", async () => {
    const bomb = Bun.gzipSync(new Uint8Array(8 << 20));
    await using server = serve(() => new Response(bomb, { headers: { "content-encoding": "gzip" } }));
    expect(await ask(json(server.url))).toEqual({ ok: false, why: "the answer is longer than 1048576 bytes" });
  });
});

describe("a queue of RabbitMQ", () => {
  test("has the messages that are ready", async () => {
    await using server = serve(() => Response.json({ messages: 9, messages_ready: 5, messages_unacknowledged: 4 }));
    expect(await ask(rabbitmq(server.url))).toEqual({ ok: true, depth: 5 });
  });

  test.each([
    ["", "/api/queues/%2F/jobs"],
    ["/", "/api/queues/%2F/jobs"],
    ["/mq/", "/mq/api/queues/%2F/jobs"],
  ])("is asked for below %j at %s", async (base, path) => {
    const request = await requestOf((url) => rabbitmq(url + base));
    expect(new URL(request.url).pathname).toBe(path);
    expect(request.headers.get("authorization")).toBe(`Basic ${btoa("bob:hunter2")}`);
  });

  test("may have any name", async () => {
    const request = await requestOf((url) => rabbitmq(url, "a/b", "c d?e"));
    expect(new URL(request.url).pathname).toBe("/api/queues/a%2Fb/c%20d%3Fe");
  });

  test.each([
    [401, {}, "HTTP 401: RabbitMQ refuses this user or password"],
    [404, {}, "HTTP 404: no queue jobs in the virtual host /"],
    [500, {}, "HTTP 500"],
    [200, { name: "jobs" }, "the answer has no messages_ready; is this the management API?"],
    [200, { messages_ready: "many" }, 'it gave "many", which is no number'],
  ])("fails on status %i with %j and says so", async (status, body, why) => {
    await using server = serve(() => Response.json(body, { status }));
    expect(await ask(rabbitmq(server.url))).toEqual({ ok: false, why });
  });
});

const success =
  (data: object): Answer =>
  () =>
    Response.json({ status: "success", data });

describe("a Prometheus query", () => {
  test.each([
    ["a vector of one", { resultType: "vector", result: [{ metric: {}, value: [1, "12"] }] }, 12],
    ["a scalar", { resultType: "scalar", result: [1, "0.5"] }, 0.5],
  ])("has the value of %s", async (_, data, depth) => {
    await using server = serve(success(data));
    expect(await ask(prometheus(server.url))).toEqual({ ok: true, depth });
  });

  test("is sent as it is, with the time limit, below the path of the URL", async () => {
    const request = await requestOf((url) => prometheus(`${url}/prom/`, 'sum(jobs{queue="a b"}) + 1'));
    const url = new URL(request.url);
    expect([url.pathname, url.searchParams.get("query"), url.searchParams.get("timeout")]).toEqual([
      "/prom/api/v1/query",
      'sum(jobs{queue="a b"}) + 1',
      "2000ms",
    ]);
  });

  const one = { metric: {}, value: [1, "1"] };
  test.each<[string, Answer, string]>([
    ["NaN", success({ resultType: "scalar", result: [1, "NaN"] }), 'it gave "NaN", which is no number'],
    ["infinity", success({ resultType: "scalar", result: [1, "+Inf"] }), 'it gave "+Inf", which is no number'],
    ["no series", success({ resultType: "vector", result: [] }), "the query found nothing"],
    ["two series", success({ resultType: "vector", result: [one, one] }), "the query gave 2 series"],
    ["a range", success({ resultType: "matrix", result: [] }), "the query gave a range"],
    ["a text", success({ resultType: "string", result: [1, "x"] }), "none of Prometheus's"],
    ["another server", () => new Response("hello"), "none of Prometheus's"],
    [
      "a mistake in the query",
      () => Response.json({ status: "error", error: 'parse error: unexpected ")"' }, { status: 400 }),
      'HTTP 400: parse error: unexpected ")"',
    ],
    ["a broken server", () => new Response("oops", { status: 502 }), "HTTP 502"],
  ])("fails on %s and says so", async (_, answer, words) => {
    await using server = serve(answer);
    expect(await ask(prometheus(server.url))).toMatchObject({ ok: false, why: expect.stringContaining(words) });
  });
});

const kinds: [string, (url: string) => QueueSpec][] = [
  ["http", (url) => json(url, [], { "x-token": "t0ken" })],
  ["rabbitmq", rabbitmq],
  ["prometheus", prometheus],
];

const halfAnAnswer = (): Response =>
  new Response(new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode("{")) }));

describe.each(kinds)("%s", (_, spec) => {
  test("costs no more than the time limit when nobody answers, and gives the connection up", async () => {
    const closed = Promise.withResolvers<void>();
    using server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {}, close: () => closed.resolve() } });
    expect(await ask(spec(`http://bob:hunter2@127.0.0.1:${server.port}`), 50)).toEqual({
      ok: false,
      why: "no answer within 50 ms",
    });
    await closed.promise;
  });

  test("costs no more than the time limit when the answer stops half-way", async () => {
    await using server = serve(halfAnAnswer);
    expect(await ask(spec(server.url), 50)).toEqual({ ok: false, why: "no answer within 50 ms" });
  });

  test("fails when the server is down", async () => {
    expect(await ask(spec("http://bob:hunter2@127.0.0.1:1"))).toEqual({
      ok: false,
      why: "no connection; is the server running, and the address right?",
    });
  });

  test.each(["http://bob:hunter2@", "bob:hunter2", "http://bob:hunter2@nosuch.invalid:99999/", "ftp://bob:hunter2@h"])(
    "fails on the impossible URL %s without telling its password",
    async (url) => {
      const reading = await ask(spec(url));
      expect(reading.ok).toBe(false);
      expect(JSON.stringify(reading)).not.toMatch(/hunter2|t0ken/u);
    },
  );

  test("hides credentials that a server repeats", async () => {
    const words = `bob hunter2 ${btoa("bob:hunter2")}`;
    await using server = serve(() =>
      Response.json({ status: "error", error: words, messages_ready: words }, { status: 200 }),
    );
    const reading = await ask(spec(server.url));
    expect(reading.ok).toBe(false);
    expect(JSON.stringify(reading)).not.toMatch(/bob|hunter2|Ym9i/u);
  });
});

test("a question under way ends when the queue is closed, and later ones fail at once", async () => {
  const asked = Promise.withResolvers<void>();
  using server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => asked.resolve() } });
  const queue = openQueue(json(`http://127.0.0.1:${server.port}`), 60_000);
  const reading = queue.depth();
  await asked.promise;
  queue.close();
  queue.close();
  expect([await reading, await queue.depth()]).toEqual([
    { ok: false, why: "it is closed" },
    { ok: false, why: "it is closed" },
  ]);
});

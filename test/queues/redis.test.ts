import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { symlinkSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import type { QueueSpec } from "../../src/core/farm/scaling-spec.ts";
import { openQueue } from "../../src/queues/open-queue.ts";
import type { Queue, QueueReading } from "../../src/queues/queue.ts";
import { missing } from "../support/needs.ts";
import { RedisServer } from "../support/redis-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const reason = missing("redis-server");
if (reason !== null) console.log(`Redis queues are not tested: ${reason}`);

const list = (url: string): QueueSpec => ({ kind: "redis", url, key: "jobs", shape: "list" });
const stream = (url: string, key: string): QueueSpec => ({
  kind: "redis",
  url,
  key,
  shape: "stream",
  group: "workers",
});

/** Asks once and closes. */
async function ask(spec: QueueSpec): Promise<QueueReading> {
  const queue = openQueue(spec, 2000);
  try {
    return await queue.depth();
  } finally {
    queue.close();
  }
}

const connect = (server: RedisServer): Bun.RedisClient =>
  new Bun.RedisClient(server.dsn.replace("redis://", "redis+unix://"));

/** The lengths of what is waiting, from one question to the next. */
const depths = (queue: Queue, times: number): Promise<QueueReading[]> =>
  Promise.all(Array.from({ length: times }, () => queue.depth()));

describe.skipIf(reason !== null)("a queue in Redis", () => {
  let server: RedisServer;
  let client: Bun.RedisClient;

  beforeAll(async () => {
    server = await RedisServer.start();
    client = connect(server);
  });
  afterAll(async () => {
    client.close();
    await server[Symbol.asyncDispose]();
  });

  const send = (...words: string[]): Promise<unknown> => client.send(words[0] ?? "", words.slice(1));

  /** Adds messages to a stream with a group, and has the group take some. Gives the ids of those it took. */
  async function fill(key: string, added: number, taken: number): Promise<string[]> {
    await send("XGROUP", "CREATE", key, "workers", "0", "MKSTREAM");
    for (let n = 0; n < added; n++) await send("XADD", key, "*", "message", String(n));
    return take(key, taken);
  }

  async function take(key: string, count: number): Promise<string[]> {
    if (count === 0) return [];
    const words = ["XREADGROUP", "GROUP", "workers", "me", "COUNT", String(count), "STREAMS", key, ">"];
    const given: Record<string, [string, unknown][]> = Object(await send(...words));
    return (given[key] ?? []).map(([id]) => id);
  }

  async function handle(key: string, ids: string[]): Promise<void> {
    await send("XACK", key, "workers", ...ids);
    await send("XDEL", key, ...ids);
  }

  async function clients(): Promise<number> {
    const lines = String(await send("CLIENT", "LIST")).trim();
    return lines.split("\n").length;
  }

  async function lagOf(key: string): Promise<unknown> {
    const [group] = Object(await send("XINFO", "GROUPS", key));
    return group.lag;
  }

  test("a list is as long as it is", async () => {
    await send("RPUSH", "jobs", "a", "b", "c");
    expect(await ask(list(server.dsn))).toEqual({ ok: true, depth: 3 });
  });

  test("a sorted set has its members", async () => {
    await send("ZADD", "later", "1", "a", "2", "b");
    const spec: QueueSpec = { kind: "redis", url: server.dsn, key: "later", shape: "sorted_set" };
    expect(await ask(spec)).toEqual({ ok: true, depth: 2 });
  });

  test.each(["list", "sorted_set", "stream"] as const)("a %s that does not exist is empty", async (shape) => {
    const spec = { kind: "redis", url: server.dsn, key: "nosuch", shape, group: "workers" } as const;
    expect(await ask(spec)).toEqual({ ok: true, depth: 0 });
  });

  test("a stream whose group does not exist has nothing waiting", async () => {
    await send("XADD", "groupless", "*", "a", "1");
    expect(await ask(stream(server.dsn, "groupless"))).toEqual({ ok: true, depth: 0 });
  });

  test.each(["list", "sorted_set", "stream"] as const)(
    "a key of another type is no %s, and that is said",
    async (shape) => {
      await send("SET", "text", "1");
      const spec = { kind: "redis", url: server.dsn, key: "text", shape, group: "workers" } as const;
      expect(await ask(spec)).toEqual({
        ok: false,
        why: `the key text holds a string, not a ${shape.replace("_", " ")}`,
      });
    },
  );

  test("messages of a stream count until they are given to a worker, not while they are at work", async () => {
    await fill("plain", 10, 4);
    expect(await lagOf("plain")).toBe(6);
    expect(await ask(stream(server.dsn, "plain"))).toEqual({ ok: true, depth: 6 });
  });

  test("they are counted when an older one is at work beside newer ones that were handled and deleted, as Messenger does", async () => {
    const [, second = "", third = ""] = await fill("messenger", 10, 3);
    await handle("messenger", [second, third]);
    expect(await lagOf("messenger")).toBeNull(); // else this would show nothing
    expect(await ask(stream(server.dsn, "messenger"))).toEqual({ ok: true, depth: 7 });
  });

  test("nothing waits in a stream where all was handled and deleted", async () => {
    await handle("done", await fill("done", 5, 5));
    expect(await ask(stream(server.dsn, "done"))).toEqual({ ok: true, depth: 0 });
  });

  test("nothing waits when the last ones are at work beside a deleted one", async () => {
    const ids = await fill("last", 5, 5);
    await handle("last", ids.slice(3, 4));
    expect(await ask(stream(server.dsn, "last"))).toEqual({ ok: true, depth: 0 });
  });

  test("messages that were deleted before anybody took them do not count", async () => {
    await fill("purged", 6, 2);
    await take("purged", 1);
    const entries = Object(await send("XRANGE", "purged", "-", "+"));
    await send("XDEL", "purged", entries[4][0]);
    expect(await lagOf("purged")).toBeNull();
    expect(await ask(stream(server.dsn, "purged"))).toEqual({ ok: true, depth: 2 });
  });

  test("a stream that keeps what was handled is counted from the group's position on", async () => {
    const ids = await fill("kept", 400, 300);
    await send("XACK", "kept", "workers", ...ids.slice(0, 100));
    const entries = Object(await send("XRANGE", "kept", "-", "+"));
    await send("XDEL", "kept", entries[350][0]);
    expect(await lagOf("kept")).toBeNull();
    expect(await ask(stream(server.dsn, "kept"))).toEqual({ ok: true, depth: 99 });
  });

  test("a client whose connection the server cuts has a new one for the next question", async () => {
    const queue = openQueue(list(server.dsn), 2000);
    const first = await queue.depth();
    await send("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    const again = [await queue.depth(), await queue.depth()];
    queue.close();
    expect(first.ok).toBe(true);
    expect(again.at(-1)).toEqual(first);
  });

  test("many questions share one connection, and closing leaves none", async () => {
    const queue = openQueue(list(server.dsn), 2000);
    const before = await clients();
    const readings = [...(await depths(queue, 5)), await queue.depth()];
    expect(readings.every(({ ok }) => ok)).toBe(true);
    expect(await clients()).toBe(before + 1);
    queue.close();
    while ((await clients()) > before) await new Promise(setImmediate);
  });
});

describe.skipIf(reason !== null)("the server of a queue in Redis", () => {
  test("may go and come back", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "redis.sock");
    const queue = openQueue(list(`redis://${path}`), 2000);
    const readings: QueueReading[] = [];
    for (let life = 0; life < 2; life++) {
      {
        await using server = await RedisServer.start();
        symlinkSync(server.dsn.slice("redis://".length), path);
        readings.push(await queue.depth());
      }
      readings.push(await queue.depth());
      unlinkSync(path);
    }
    queue.close();
    expect(readings.map(({ ok }) => ok)).toEqual([true, false, true, false]);
    expect(readings[1]).toEqual({
      ok: false,
      why: "no connection; is the server running, and are address, user and password right?",
    });
  });

  test("may stand still, which costs no more than the time limit", async () => {
    await using server = await RedisServer.start();
    const client = connect(server);
    const queue = openQueue(list(server.dsn), 50);
    const before = await queue.depth();
    await client.send("CLIENT", ["PAUSE", "60000", "ALL"]);
    const reading = await queue.depth();
    queue.close();
    client.close();
    expect([before, reading]).toEqual([
      { ok: true, depth: 0 },
      { ok: false, why: "no answer within 50 ms" },
    ]);
  });

  test("may want a password, which is never told", async () => {
    await using server = await RedisServer.start();
    const client = connect(server);
    await client.send("CONFIG", ["SET", "requirepass", "hunter2"]);
    client.close();
    const path = server.dsn.slice("redis://".length);
    expect(await ask(list(`redis://:hunter2@${path}`))).toEqual({ ok: true, depth: 0 });
    const wrong = await ask(list(`redis://:wrong-one@${path}`));
    expect(wrong.ok).toBe(false);
    expect(JSON.stringify(wrong)).not.toContain("wrong-one");
  });
});

test("a connection whose question was not answered in time is given up, so that its late answer is nobody's", async () => {
  const closed = Promise.withResolvers<void>();
  const hello = "%1\r\n$6\r\nserver\r\n$5\r\nredis\r\n";
  using server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data: (socket, bytes) => void (bytes.includes("HELLO") && socket.write(hello)),
      close: () => closed.resolve(),
    },
  });
  const queue = openQueue(list(`redis://127.0.0.1:${server.port}`), 200);
  expect(await queue.depth()).toEqual({ ok: false, why: "no answer within 200 ms" });
  await closed.promise;
  queue.close();
});

test("a server that never answers costs no more than the time limit, and its connection is given up", async () => {
  const closed = Promise.withResolvers<void>();
  using server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {}, close: () => closed.resolve() } });
  const queue = openQueue(list(`redis://:hunter2@127.0.0.1:${server.port}`), 50);
  const reading = await queue.depth();
  await closed.promise;
  queue.close();
  expect(reading.ok).toBe(false);
  expect(JSON.stringify(reading)).not.toContain("hunter2");
});

test.each([
  "redis://127.0.0.1:1",
  "redis://u:hunter2@127.0.0.1:1/99",
  "nonsense:hunter2@",
  "redis://:hunter2@/x/nosuch.sock",
])("%s has no server, and that is said", async (url) => {
  const reading = await ask(list(url));
  expect(reading.ok).toBe(false);
  expect(JSON.stringify(reading)).not.toContain("hunter2");
});

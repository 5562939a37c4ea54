import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { missing } from "../../support/needs.ts";
import { RedisServer } from "../../support/redis-server.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { error, FakeInlet, ok } from "./fake-inlet.ts";
import { Bench, listSource, streamSource } from "./intake-bench.ts";

const reason = missing("redis-server");
if (reason !== null) console.log(`Outages of Redis are not tested: ${reason}`);

describe.skipIf(reason !== null)("while Redis is away", () => {
  test.each([
    ["list", listSource],
    ["stream", streamSource],
  ])("nothing is asked of the pool, and all goes on when it is back (%s)", async (_, source) => {
    using folder = temporaryFolder();
    const socket = join(folder.path, "redis.sock");
    const inlet = new FakeInlet(1);
    const server = await RedisServer.start(socket);
    const bench = new Bench(server);
    const intake = bench.open(source(server), inlet);
    await bench.until(async () => /cmd=(?:blmove|xreadgroup)/u.test(String(await bench.send("CLIENT", "LIST"))));
    await server[Symbol.asyncDispose]();
    while (!intake.figures.isAway) await Bun.file(socket).exists();
    expect(intake.depth()).toBeNull();

    await using second = await RedisServer.start(socket);
    await using after = new Bench(second);
    if (source === listSource) await after.send("LPUSH", "jobs", "1");
    else await after.send("XADD", "jobs", "*", "payload", "1");
    const task = await inlet.next();
    task.answer(ok);
    await after.until(() => intake.figures.done === 1);
    expect(bench.notices.map(({ level, message }) => [level, message])).toEqual([
      ["warning", "task queue: away, trying again"],
      ["info", "task queue: back"],
    ]);
    await intake.stop();
  });

  test("an answer that comes meanwhile is acknowledged when it is back", async () => {
    await using server = await RedisServer.start();
    await using bench = new Bench(server);
    const inlet = new FakeInlet(1);
    await bench.send("LPUSH", "jobs", "1");
    const intake = bench.open(listSource(server), inlet);
    const task = await inlet.next();
    await bench.send("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    task.answer(ok);
    await bench.until(() => intake.figures.done === 1);
    expect(await bench.send("EXISTS", "jobs", "jobs:pm:tried", "jobs:pm:held:here/thumbs")).toBe(0);
    expect(inlet.payloads).toEqual(["1"]);
  });

  test("what is on its way when the connection breaks is neither lost nor counted", async () => {
    await using server = await RedisServer.start();
    await using bench = new Bench(server);
    const inlet = new FakeInlet(2);
    await bench.send("LPUSH", "jobs", "1");
    const intake = bench.open(listSource(server, { maxAttempts: 1 }), inlet);
    const task = await inlet.next();
    // As if a reply with this entry had been lost.
    await bench.send("HSET", "jobs:pm:held:here/thumbs", "99", "0:2");
    await bench.send("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    const lost = await inlet.next();
    expect(lost.payload).toBe("2");
    lost.answer(ok);
    task.answer(ok);
    await bench.until(() => intake.figures.done === 2);
  });

  test("an entry is not lost between two places when the memory of Redis is full", async () => {
    await using server = await RedisServer.start();
    await using bench = new Bench(server);
    const inlet = new FakeInlet(1);
    await bench.send("LPUSH", "jobs", "1");
    const intake = bench.open(listSource(server, { maxAttempts: 1 }), inlet);
    const task = await inlet.next();
    await bench.send("CONFIG", "SET", "maxmemory", "1");
    task.answer(error("failed"));
    await bench.until(() => intake.figures.isAway);
    expect(await bench.send("HVALS", "jobs:pm:held:here/thumbs")).toEqual(["0:1"]);
    expect(bench.notices.map(({ context }) => context["error"])).toEqual([expect.stringContaining("OOM")]);
    await bench.send("CONFIG", "SET", "maxmemory", "0");
    await bench.until(() => intake.figures.givenUp === 1);
    expect(await bench.list("dead")).toHaveLength(1);
  });

  test.each(["jobs", "dead"])(
    "a key (%s) of another kind is told once, and stopping does not wait for it",
    async (key) => {
      await using server = await RedisServer.start();
      await using bench = new Bench(server);
      await bench.send("SET", key, "x");
      const intake = bench.open(listSource(server), new FakeInlet());
      await bench.until(() => intake.figures.isAway);
      expect(bench.notices.map(({ context }) => context["error"])).toEqual([
        `the key ${key} holds a string, not a list`,
      ]);
      await intake.stop();
    },
  );
});

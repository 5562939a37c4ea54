import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { FakeClock } from "../../support/fake-clock.ts";
import { missing } from "../../support/needs.ts";
import { RedisServer } from "../../support/redis-server.ts";
import { error, FakeInlet, ok } from "./fake-inlet.ts";
import { Bench, listSource, soonBeating } from "./intake-bench.ts";

const reason = missing("redis-server");
if (reason !== null) console.log(`Tasks from Redis lists are not tested: ${reason}`);

describe.skipIf(reason !== null)("tasks from a Redis list", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  beforeEach(async () => {
    await server.send("FLUSHALL");
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test("an entry is a task, taken from the right end, and gone for good only after its answer", async () => {
    await using bench = new Bench(server);
    const inlet = new FakeInlet(1);
    await bench.send("LPUSH", "jobs", '{"n":1}', '{"n":2}');
    const intake = bench.open(listSource(server), inlet);
    const first = await inlet.next();
    expect(first.payload).toBe('{"n":1}');
    expect(await bench.send("HVALS", "jobs:pm:held:here/thumbs")).toEqual(['0:{"n":1}']);
    first.answer(ok);
    const second = await inlet.next();
    expect(second.payload).toBe('{"n":2}');
    second.answer(ok);
    await bench.until(() => intake.figures.done === 2);
    expect(await bench.send("EXISTS", "jobs", "jobs:pm:held:here/thumbs", "jobs:pm:tried")).toBe(0);
  });

  test("an entry that comes later is taken without being asked for", async () => {
    await using bench = new Bench(server);
    const inlet = new FakeInlet(1);
    bench.open(listSource(server), inlet);
    // It waits in a blocking command.
    await bench.until(async () => String(await bench.send("CLIENT", "LIST")).includes("cmd=blmove"));
    await bench.send("LPUSH", "jobs", "1");
    const task = await inlet.next();
    task.answer(ok);
  });

  test("no more are taken than the pool has workers for", async () => {
    await using bench = new Bench(server);
    const inlet = new FakeInlet(3);
    await bench.send("LPUSH", "jobs", "1", "2", "3", "4", "5", "6");
    bench.open(listSource(server), inlet);
    await bench.until(() => inlet.atWork === 3);
    expect(await bench.send("LLEN", "jobs")).toBe(3);
    inlet.answerAll(() => ok);
    await bench.until(() => inlet.payloads.length === 6);
    expect(inlet.payloads.join("")).toBe("123456");
  });

  test("a pool without room leaves all of it in Redis until there is room", async () => {
    await using bench = new Bench(server);
    const inlet = new FakeInlet(3, 0);
    await bench.send("LPUSH", "jobs", "1", "2", "3");
    const intake = bench.open(listSource(server), inlet);
    await bench.until(() => intake.depth() === 3);
    inlet.room = 1;
    await bench.until(() => inlet.atWork === 1);
    expect(await bench.send("LLEN", "jobs")).toBe(2);
    inlet.answerAll(() => ok);
  });

  test("a pool without a worker gets one entry, for which it may start one; and more when it can do more", async () => {
    await using bench = new Bench(server);
    const clock = new FakeClock();
    const inlet = new FakeInlet(0);
    await bench.send("LPUSH", "jobs", "1", "2", "3", "4", "5");
    bench.open(listSource(server), inlet, "here", clock);
    await bench.until(() => inlet.atWork === 1);
    expect(await bench.send("LLEN", "jobs")).toBe(4);
    inlet.appetite = 3;
    clock.advance(1000);
    await bench.until(() => inlet.atWork === 3);
    inlet.answerAll(() => ok);
  });

  test.each(["failed", "lost", "timeout"] as const)(
    "what is answered %s is tried again, and then laid aside with the reason",
    async (code) => {
      await using bench = new Bench(server);
      const inlet = new FakeInlet(1);
      inlet.answerAll(() => error(code, "no thumb"));
      await bench.send("LPUSH", "jobs", '{"n":1}');
      const intake = bench.open(listSource(server), inlet);
      await bench.until(() => intake.figures.givenUp === 1);
      expect(inlet.payloads).toHaveLength(3);
      const [dead = ""] = await bench.list("dead");
      expect(JSON.parse(dead)).toEqual({
        error: { code, message: "no thumb", details: null },
        attempts: 3,
        queue: "jobs",
        failed_at: expect.stringMatching(/^\d{4}-.*Z$/u),
        entry: '{"n":1}',
      });
      expect(await bench.send("EXISTS", "jobs", "jobs:pm:held:here/thumbs", "jobs:pm:tried")).toBe(0);
      expect(bench.notices).toEqual([
        {
          level: "warning",
          message: "task queue: an entry was given up",
          context: {
            consumer: "thumbs",
            queue: expect.stringContaining("redis list jobs at "),
            code,
            error: "no thumb",
          },
        },
      ]);
    },
  );

  test("two equal entries stay two: the failures of one are not those of the other", async () => {
    await using bench = new Bench(server);
    const inlet = new FakeInlet(2);
    await bench.send("LPUSH", "jobs", "7", "7");
    const intake = bench.open(listSource(server, { maxAttempts: 2 }), inlet);
    const [one, two] = [await inlet.next(), await inlet.next()];
    one.answer(error("failed"));
    two.answer(error("failed"));
    const [again, other] = [await inlet.next(), await inlet.next()];
    again.answer(ok);
    other.answer(ok);
    await bench.until(() => intake.figures.done === 2);
    expect(intake.figures).toMatchObject({ retried: 2, givenUp: 0 });
  });

  test.each(["overloaded", "unavailable", "shutting_down", "cancelled"] as const)(
    "what is answered %s goes back to the front, at no cost",
    async (code) => {
      await using bench = new Bench(server);
      const inlet = new FakeInlet(1);
      await bench.send("LPUSH", "jobs", "1", "2", "3");
      const intake = bench.open(listSource(server, { maxAttempts: 1 }), inlet);
      const task = await inlet.next();
      task.answer(error(code));
      await bench.until(() => intake.figures.putBack === 1);
      const back = await inlet.next();
      expect(back.payload).toBe("1");
      back.answer(ok);
      inlet.answerAll(() => ok);
      await bench.until(() => intake.figures.done === 3);
      expect(await bench.list("dead")).toEqual([]);
    },
  );

  test.each([
    ["no JSON", "{oops", "failed", "it is not valid JSON"],
    ["too long", JSON.stringify("x".repeat(1000)), "too_large", "it has 1002 bytes, and 1000 are allowed"],
  ])("an entry that is %s is laid aside and never run", async (_, entry, code, message) => {
    await using bench = new Bench(server);
    const inlet = new FakeInlet(1);
    await bench.send("LPUSH", "jobs", entry);
    const intake = bench.open(listSource(server), inlet);
    await bench.until(() => intake.figures.givenUp === 1);
    expect(inlet.payloads).toEqual([]);
    const [dead = ""] = await bench.list("dead");
    expect(JSON.parse(dead)).toMatchObject({ error: { code, message }, attempts: 0, entry });
  });

  test("an entry that is no UTF-8 is laid aside byte by byte", async () => {
    await using bench = new Bench(server);
    await bench.send("EVAL", "return redis.call('LPUSH', 'jobs', '\"\\255\"')", "0");
    const intake = bench.open(listSource(server), new FakeInlet());
    await bench.until(() => intake.figures.givenUp === 1);
    expect(
      await bench.send("EVAL", "return string.find(redis.call('LRANGE', 'dead', 0, 0)[1], '\\255') and 1 or 0", "0"),
    ).toBe(1);
  });

  test("text becomes a JSON string", async () => {
    await using bench = new Bench(server);
    const inlet = new FakeInlet(1);
    await bench.send("LPUSH", "jobs", 'a "b"\nc');
    bench.open(listSource(server, { format: "text" }), inlet);
    const task = await inlet.next();
    expect(task.payload).toBe(String.raw`"a \"b\"\nc"`);
    task.answer(ok);
  });

  test("what a former life of this pm held is taken up at once, and its death counts as an attempt", async () => {
    await using bench = new Bench(server);
    await bench.send("HSET", "jobs:pm:held:here/thumbs", "2", '0:"b"', "1", '0:"a"', "3", '2:"c"');
    await bench.send("LPUSH", "jobs", '"d"');
    const inlet = new FakeInlet(1);
    inlet.answerAll(() => ok);
    const intake = bench.open(listSource(server), inlet);
    await bench.until(() => intake.figures.done === 3 && intake.figures.givenUp === 1);
    expect(inlet.payloads).toEqual(['"a"', '"b"', '"d"']);
    const [dead = ""] = await bench.list("dead");
    expect(JSON.parse(dead)).toMatchObject({ error: { code: "lost" }, attempts: 3, entry: '"c"' });
  });

  test("what a dead pm held is taken over, what a living one holds is not", async () => {
    await using bench = new Bench(server);
    await bench.send("HSET", "jobs:pm:held:gone/thumbs", "1", '0:"gone"');
    await bench.send("HSET", "jobs:pm:held:there/thumbs", "2", '0:"there"');
    const [seconds] = Object(await bench.send("TIME"));
    await bench.send(
      "ZADD",
      "jobs:pm:holders",
      "1",
      "jobs:pm:held:gone/thumbs",
      `${seconds}000`,
      "jobs:pm:held:there/thumbs",
    );
    const inlet = new FakeInlet(2);
    inlet.answerAll(() => ok);
    const intake = bench.open(listSource(server, { reclaimMs: 300_000 }), inlet, "here", soonBeating());
    await bench.until(() => intake.figures.done === 1 && intake.figures.takenOver === 1);
    expect(inlet.payloads).toEqual(['"gone"']);
    expect(await bench.send("EXISTS", "jobs:pm:held:there/thumbs")).toBe(1);
    expect(bench.notices.map(({ message }) => message)).toEqual(["task queue: entries of another pm taken over"]);
  });

  test("stopping waits for the answers, puts back what was not begun, and leaves nothing behind", async () => {
    await using bench = new Bench(server);
    const inlet = new FakeInlet(2);
    await bench.send("LPUSH", "jobs", "1", "2", "3");
    const intake = bench.open(listSource(server), inlet);
    const [one, two] = [await inlet.next(), await inlet.next()];
    const stopped = intake.stop();
    one.answer(ok);
    two.answer(error("shutting_down"));
    await stopped;
    expect(await bench.list("jobs")).toEqual(["3", "2"]);
    expect(await bench.send("KEYS", "jobs:pm:h*")).toEqual([]);
  });
});

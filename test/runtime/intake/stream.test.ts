import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { missing } from "../../support/needs.ts";
import { RedisServer } from "../../support/redis-server.ts";
import { error, FakeInlet, ok } from "./fake-inlet.ts";
import { Bench, soonBeating, streamSource } from "./intake-bench.ts";

const reason = missing("redis-server");
if (reason !== null) console.log(`Tasks from Redis streams are not tested: ${reason}`);

const add = (bench: Bench, payload: string): Promise<unknown> =>
  bench.send("XADD", "jobs", "*", "kind", "thumb", "payload", payload);
const pending = async (bench: Bench): Promise<unknown[]> => {
  const [count, , , consumers] = Object(await bench.send("XPENDING", "jobs", "pm"));
  return [count, consumers];
};

describe.skipIf(reason !== null)("tasks from a Redis stream", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  beforeEach(async () => {
    await server.send("FLUSHALL");
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test("an entry is a task, and acknowledged only after its answer; the group is made", async () => {
    await using bench = new Bench(server);
    const inlet = new FakeInlet(1);
    await add(bench, "1");
    await add(bench, "2");
    const intake = bench.open(streamSource(server), inlet);
    const first = await inlet.next();
    expect(first.payload).toBe("1");
    expect(await pending(bench)).toEqual([1, [["here/thumbs", "1"]]]);
    first.answer(ok);
    const second = await inlet.next();
    expect(second.payload).toBe("2");
    second.answer(ok);
    await bench.until(() => intake.figures.done === 2);
    expect(await pending(bench)).toEqual([0, null]);
    await bench.until(() => intake.depth() === 0);
  });

  test("an entry that comes to a stream that was not there is taken without being asked for", async () => {
    await using bench = new Bench(server);
    const inlet = new FakeInlet(1);
    bench.open(streamSource(server), inlet);
    await bench.until(async () => String(await bench.send("CLIENT", "LIST")).includes("cmd=xreadgroup"));
    await add(bench, "1");
    const task = await inlet.next();
    task.answer(ok);
  });

  test("no more are taken than the pool has workers for", async () => {
    await using bench = new Bench(server);
    const inlet = new FakeInlet(3);
    for (const n of "1234567890") await add(bench, n);
    const intake = bench.open(streamSource(server), inlet);
    await bench.until(() => inlet.atWork === 3);
    await bench.until(() => intake.depth() === 7);
    inlet.answerAll(() => ok);
    await bench.until(() => intake.figures.done === 10);
    expect(inlet.payloads.join("")).toBe("1234567890");
  });

  test.each(["failed", "lost", "timeout"] as const)(
    "what is answered %s is tried again, and then laid aside with the reason",
    async (code) => {
      await using bench = new Bench(server);
      const inlet = new FakeInlet(1);
      inlet.answerAll(() => error(code, "no thumb"));
      const id = String(await add(bench, '{"n":1}'));
      const intake = bench.open(streamSource(server), inlet);
      await bench.until(() => intake.figures.givenUp === 1);
      expect(inlet.payloads).toHaveLength(3);
      expect(await pending(bench)).toEqual([0, null]);
      const [[, dead]] = Object(await bench.send("XRANGE", "dead", "-", "+"));
      const fields = {
        kind: "thumb",
        payload: '{"n":1}',
        pm_error_code: code,
        pm_error: "no thumb",
        pm_attempts: "3",
        pm_id: id,
      };
      expect(dead.slice(0, -2)).toEqual(Object.entries(fields).flat());
    },
  );

  test.each(["overloaded", "unavailable"] as const)("what is answered %s comes back at no cost", async (code) => {
    await using bench = new Bench(server);
    const inlet = new FakeInlet(1);
    await add(bench, "1");
    const intake = bench.open(streamSource(server, { maxAttempts: 1 }), inlet);
    for (let times = 0; times < 2; times++) {
      const task = await inlet.next();
      task.answer(error(code));
    }
    inlet.answerAll(() => ok);
    await bench.until(() => intake.figures.done === 1);
    expect(inlet.payloads).toEqual(["1", "1", "1"]);
  });

  test.each([
    ["no JSON", "{oops", "failed", "it is not valid JSON"],
    ["too long", JSON.stringify("x".repeat(1000)), "too_large", "it has 1002 bytes, and 1000 are allowed"],
  ])("an entry that is %s is laid aside and never run", async (_, entry, code, message) => {
    await using bench = new Bench(server);
    const inlet = new FakeInlet(1);
    await add(bench, entry);
    const intake = bench.open(streamSource(server), inlet);
    await bench.until(() => intake.figures.givenUp === 1);
    expect(inlet.payloads).toEqual([]);
    const [[, dead]] = Object(await bench.send("XRANGE", "dead", "-", "+"));
    expect(dead.slice(2, 8)).toEqual(["payload", entry, "pm_error_code", code, "pm_error", message]);
  });

  test("what a former life of this pm had is taken up at once, before anything new, and laid aside when it died in it too often", async () => {
    await using bench = new Bench(server);
    for (const payload of ['"a"', '"b"', '"c"']) await add(bench, payload);
    await bench.send("XGROUP", "CREATE", "jobs", "pm", "0");
    const taken = Object(
      await bench.send("XREADGROUP", "GROUP", "pm", "here/thumbs", "COUNT", "2", "STREAMS", "jobs", ">"),
    );
    const [[id]] = taken.jobs;
    await bench.send("XCLAIM", "jobs", "pm", "here/thumbs", "0", id, "RETRYCOUNT", "3");
    const inlet = new FakeInlet(1);
    inlet.answerAll(() => ok);
    const intake = bench.open(streamSource(server), inlet);
    await bench.until(() => intake.figures.done === 2 && intake.figures.givenUp === 1);
    expect(inlet.payloads).toEqual(['"b"', '"c"']);
    expect(await bench.send("XLEN", "dead")).toBe(1);
  });

  test("what a dead pm had is taken over, what a living one has is not", async () => {
    await using bench = new Bench(server);
    await add(bench, '"gone"');
    await add(bench, '"there"');
    await bench.send("XGROUP", "CREATE", "jobs", "pm", "0");
    const take = ["COUNT", "1", "STREAMS", "jobs", ">"];
    const taken = Object(await bench.send("XREADGROUP", "GROUP", "pm", "gone/thumbs", ...take));
    await bench.send("XREADGROUP", "GROUP", "pm", "there/thumbs", ...take);
    const inlet = new FakeInlet(2);
    inlet.answerAll(() => ok);
    const intake = bench.open(streamSource(server, { reclaimMs: 300_000 }), inlet, "here", soonBeating());
    // Silent for longer than it may be.
    await bench.send("XCLAIM", "jobs", "pm", "gone/thumbs", "0", taken.jobs[0][0], "IDLE", "400000", "JUSTID");
    await bench.until(() => intake.figures.done === 1 && intake.figures.takenOver === 1);
    expect(inlet.payloads).toEqual(['"gone"']);
    expect(await pending(bench)).toEqual([1, [["there/thumbs", "1"]]]);
  });

  test("what takes long keeps being this pm's own", async () => {
    await using bench = new Bench(server);
    await add(bench, "1");
    const inlet = new FakeInlet(1);
    const intake = bench.open(streamSource(server, { reclaimMs: 300_000 }), inlet, "here", soonBeating());
    const task = await inlet.next();
    const [[id]] = Object(await bench.send("XPENDING", "jobs", "pm", "-", "+", "1"));
    await bench.send("XCLAIM", "jobs", "pm", "here/thumbs", "0", id, "IDLE", "200000", "JUSTID");
    await bench.until(async () => {
      const [[, , idleMs, deliveries]] = Object(await bench.send("XPENDING", "jobs", "pm", "-", "+", "1"));
      return idleMs < 100_000 && deliveries === 1;
    });
    task.answer(ok);
    await bench.until(() => intake.figures.done === 1);
  });

  test("an entry that was deleted while it waited for another attempt is forgotten", async () => {
    await using bench = new Bench(server);
    const id = String(await add(bench, "1"));
    const inlet = new FakeInlet(1);
    bench.open(streamSource(server), inlet);
    const task = await inlet.next();
    await bench.send("XDEL", "jobs", id);
    task.answer(error("failed"));
    await bench.until(async () => (await pending(bench))[0] === 0);
    expect(inlet.payloads).toEqual(["1"]);
  });

  test("stopping waits for the answers and gives back what was not begun", async () => {
    await using bench = new Bench(server);
    const inlet = new FakeInlet(2);
    for (const n of "12") await add(bench, n);
    const intake = bench.open(streamSource(server), inlet);
    const [one, two] = [await inlet.next(), await inlet.next()];
    const stopped = intake.stop();
    one.answer(ok);
    two.answer(error("shutting_down"));
    await stopped;
    const other = new FakeInlet(1);
    bench.open(streamSource(server), other, "there");
    const task = await other.next();
    expect(task.payload).toBe("2");
    task.answer(ok);
  });
});

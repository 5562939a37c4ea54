import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { TaskSourceSpec } from "../../../src/core/farm/tasks-spec.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { missing } from "../../support/needs.ts";
import { RedisServer } from "../../support/redis-server.ts";
import { error, FakeInlet, ok } from "./fake-inlet.ts";
import { Bench, listSource } from "./intake-bench.ts";

const reason = missing("redis-server");
if (reason !== null) console.log(`Sidekiq's queues are not tested: ${reason}`);

const job = (changes: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({
    retry: true,
    queue: "default",
    args: ["x"],
    class: "DeferEvent",
    jid: "ab12",
    created_at: 1_690_000_000.5,
    ...changes,
  });

describe.skipIf(reason !== null)("tasks from a queue of Sidekiq", () => {
  let server: RedisServer;
  const source = (): TaskSourceSpec =>
    listSource(server, { shape: { kind: "list", key: "queue:default" }, format: "sidekiq" });
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  beforeEach(async () => {
    await server.send("FLUSHALL");
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test("the job is the payload, byte by byte", async () => {
    await using bench = new Bench(server);
    const inlet = new FakeInlet(1);
    const text = '{"class":"A","args":[12345678901234567890,1.0],"queue":"default"}';
    await bench.send("LPUSH", "queue:default", text);
    const intake = bench.open(source(), inlet);
    const task = await inlet.next();
    expect(task.payload).toBe(text);
    task.answer(ok);
    await bench.until(() => intake.figures.done === 1);
    expect(await bench.send("EXISTS", "queue:default", "retry", "dead")).toBe(0);
  });

  test("a job that fails is retried when Sidekiq would, in its own queue", async () => {
    await using bench = new Bench(server);
    const clock = new FakeClock();
    const inlet = new FakeInlet(1);
    await bench.send("LPUSH", "queue:default", job());
    const intake = bench.open(source(), inlet, "here", clock);
    const first = await inlet.next();
    first.answer(error("failed", "no"));
    await bench.until(() => intake.figures.retried === 1);
    const [retry, score] = Object(await bench.send("ZRANGE", "retry", "0", "-1", "WITHSCORES")).flat();
    const nowSeconds = clock.epochMs() / 1000;
    expect(Number(score)).toBeWithin(nowSeconds + 15, nowSeconds + 25);
    expect(JSON.parse(retry)).toEqual({
      ...JSON.parse(job()),
      retry_count: 0,
      failed_at: nowSeconds,
      error_message: "no",
      error_class: "pm.failed",
    });
    expect(inlet.payloads).toHaveLength(1);
    // Steps, since it looks in Redis between one timer and the next.
    await bench.until(() => {
      clock.advance(500);
      return inlet.atWork === 1;
    });
    expect(clock.epochMs() / 1000).toBeGreaterThanOrEqual(Number(score));
    const second = await inlet.next();
    expect(second.payload).toBe(retry);
    second.answer(ok);
    await bench.until(() => intake.figures.done === 1);
  });

  test("due jobs of other queues stay where they are, scheduled ones of this queue are run", async () => {
    await using bench = new Bench(server);
    const others = Array.from({ length: 150 }, (_, n) => job({ queue: "mail", jid: String(n) }));
    await bench.send(
      "ZADD",
      "retry",
      ...others.flatMap((text) => ["1", text]),
      "2",
      job({ jid: "mine" }),
      "1",
      "{broken",
    );
    await bench.send("ZADD", "schedule", "3", job({ jid: "planned" }), "9999999999", job({ jid: "far" }));
    const inlet = new FakeInlet(1);
    inlet.answerAll(() => ok);
    const intake = bench.open(source(), inlet);
    await bench.until(() => intake.figures.done === 2);
    expect(inlet.payloads).toEqual([job({ jid: "mine" }), job({ jid: "planned" })]);
    expect(await bench.send("ZCARD", "retry")).toBe(151);
    expect(await bench.send("ZCARD", "schedule")).toBe(1);
  });

  test.each([
    ["has had all its retries", { retry: 2, retry_count: 1, failed_at: 1.5 }, 1],
    ["may not be retried, but mourned", { retry: 0 }, 1],
    ["may not be retried at all", { retry: false }, 0],
    ["wants no grave", { retry: 0, dead: false }, 0],
  ])("a job that %s", async (_, changes, graves) => {
    await using bench = new Bench(server);
    const inlet = new FakeInlet(1);
    inlet.answerAll(() => error("timeout"));
    await bench.send("LPUSH", "queue:default", job(changes));
    const intake = bench.open(source(), inlet);
    await bench.until(() => intake.figures.givenUp === 1);
    expect(inlet.payloads).toHaveLength(1);
    expect(await bench.send("EXISTS", "queue:default", "retry")).toBe(0);
    expect(await bench.send("ZCARD", "dead")).toBe(graves);
    expect(bench.notices.map(({ context }) => context["error"])).toEqual(["it is timeout"]);
  });

  test("what is no job goes into the dead set as it is", async () => {
    await using bench = new Bench(server);
    await bench.send("LPUSH", "queue:default", "[1]");
    const intake = bench.open(source(), new FakeInlet(1));
    await bench.until(() => intake.figures.givenUp === 1);
    expect(await bench.send("ZRANGE", "dead", "0", "-1")).toEqual(["[1]"]);
  });
});

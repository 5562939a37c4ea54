import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { type ConsumerText, farmFile, quickBackoff, steady } from "../support/farm-file.ts";
import { type FalseAnswer, FolderQueue } from "../support/folder-queue.ts";
import { missing } from "../support/needs.ts";
import { PmProcess } from "../support/pm-process.ts";
import { RedisServer } from "../support/redis-server.ts";

setDefaultTimeout(20_000);

const reason = missing("redis-server");
if (reason !== null) console.warn(`skipping failures of a Redis queue: ${reason}`);

const secret = "s3cretPassw0rd";
const sourceUp = 'autoscaler_source_up{consumer="a"}';
const failures = 'autoscaler_source_failures_total{consumer="a"}';
const target = 'autoscaler_target_workers{consumer="a"}';

const farm = (worker: ConsumerText, queues: unknown, strategy: ConsumerText = {}): string =>
  farmFile(
    {
      a: {
        ...worker,
        ...quickBackoff,
        autoscaler: {
          min: 1,
          max: 4,
          smoothing_window_sec: 0.5,
          scale_up_cooldown_sec: 0,
          scale_down_cooldown_sec: 0,
          scale_up_step: 4,
          scale_down_step: 4,
          strategy: { type: "queue", per_worker: 1, timeout: "150ms", queues, ...strategy },
        },
      },
    },
    { autoscaler_interval_sec: 0.2, host_brake: false },
  );

/** What is seen of a source that fails, and that the workers are looked after as ever. */
async function expectFailing(pm: PmProcess, error: RegExp): Promise<void> {
  await pm.until(sourceUp, (up) => up === 0);
  const { context, level_name } = await pm.record("Autoscaler source failed.", { consumer: "a" });
  expect([level_name, context["error"]]).toEqual(["WARNING", expect.stringMatching(error)]);
  expect(await pm.metric(failures)).toBeGreaterThanOrEqual(1);
  const response = await pm.get("/readyz");
  expect([response.status, await response.json()]).toEqual([
    200,
    { status: "ready", warnings: [{ consumer: "a", reason: "source_failing", detail: expect.stringMatching(error) }] },
  ]);

  const before = pm.recorded("Worker started.");
  process.kill(Number(before[0]?.context["pid"]), "SIGKILL");
  const restarted = await pm.records("Worker started.", before.length + 1);
  expect(restarted.length).toBe(before.length + 1);
  expect(await pm.metric(sourceUp)).toBe(0);
}

async function expectRecovered(pm: PmProcess): Promise<void> {
  await pm.record("Autoscaler source recovered.", { consumer: "a" });
  await pm.until(sourceUp, (up) => up === 1);
  expect(await (await pm.get("/readyz")).json()).toEqual({ status: "ready" });
}

async function expectCleanEnd(pm: PmProcess): Promise<void> {
  expect(await pm.stop()).toBe(0);
  await pm.stderr.ended;
  expect(pm.stderr.all.filter((line) => line.includes(secret))).toEqual([]);
}

describe.skipIf(reason !== null)("a Redis queue", () => {
  test("that is down at the start, comes up, holds the wrong type and goes down again", async () => {
    await using place = await RedisServer.start(); // for its folder: nobody listens at this path of it
    const socket = `${place.dsn.slice("redis://".length)}.later`;
    const url = `redis+unix://user:${secret}@localhost${socket}`;
    await using pm = new PmProcess(farm(steady, { redis: url, list: "jobs" }));
    await expectFailing(pm, /jobs/u);
    expect(await pm.metric(target)).toBe(1);
    {
      await using server = await RedisServer.start(socket);
      await server.send("ACL", "SETUSER", "user", "on", `>${secret}`, "~*", "+@all");
      await server.send("RPUSH", "jobs", "1", "2", "3");
      await expectRecovered(pm);
      await pm.until(target, (workers) => workers === 3);
      await server.send("DEL", "jobs");
      await server.send("SET", "jobs", "5");
      await pm.until(failures, (count) => count === 2);
      const [, second] = await pm.records("Autoscaler source failed.", 2);
      expect(second?.context["error"]).toMatch(/the key jobs holds a string, not a list/u);
      expect(await pm.metric(target)).toBe(3);
      await server.send("DEL", "jobs");
      await pm.records("Autoscaler source recovered.", 2);
      await pm.until(target, (workers) => workers === 1);
    }
    await pm.until(failures, (count) => count === 3);
    expect((await pm.get("/readyz")).status).toBe(200);
    await expectCleanEnd(pm);
  });
});

const never = new Promise<Response>(() => {});
const endless = (): Response =>
  new Response(new ReadableStream({ pull: (out) => out.enqueue(new Uint8Array(65_536).fill(120)) }));

describe("an HTTP source that answers", () => {
  test.each<[string, FalseAnswer, RegExp]>([
    ["never", () => never, /no answer within 150 ms/u],
    ["with garbage", () => new Response("<html>\0\u0007 oops"), /no JSON/u],
    ["with something else", () => Response.json({ error: secret, depth: [] }), /number|depth/u],
    ["without end", endless, /longer than|no answer within/u],
    ["with an error", () => new Response(secret, { status: 500 }), /HTTP 500/u],
    ["with a redirect", () => Response.redirect("http://127.0.0.1:1/", 302), /redirect/u],
    ["with a negative number", () => Response.json({ depth: -3 }), /-3/u],
  ])("%s", async (_, answer, error) => {
    await using queue = new FolderQueue("q");
    queue.put(3, "held");
    await using pm = new PmProcess(farm(queue.consumer, queue.source(`user:${secret}@`)));
    await pm.until(target, (workers) => workers === 3);
    queue.answer = answer;
    await expectFailing(pm, error);
    expect(await pm.metric(target)).toBe(3);
    queue.answer = null;
    await expectRecovered(pm);
    expect(await pm.metric(failures)).toBe(1);
    queue.release();
    await expectCleanEnd(pm);
  });

  test("nothing any more, where the file says what size to take then", async () => {
    await using queue = new FolderQueue("q");
    await using pm = new PmProcess(farm(steady, queue.source(), { on_failure: 4 }));
    await pm.address();
    queue.answer = () => new Response("", { status: 503 });
    await pm.until(target, (workers) => workers === 4);
    expect(await pm.metric(sourceUp)).toBe(0);
    queue.answer = null;
    await pm.until(target, (workers) => workers === 1);
    await expectCleanEnd(pm);
  });
});

const pool = (queue: FolderQueue): ConsumerText => ({
  ...queue.consumer,
  autoscaler: {
    min: 1,
    max: 3,
    scale_up_cooldown_sec: 0,
    strategy: { type: "queue", per_worker: 1, timeout: "150ms", queues: queue.source() },
  },
});

test("a source that answers late holds up the decisions on others no longer than its own time limit", async () => {
  await using slow = new FolderQueue("slow");
  await using quick = new FolderQueue("quick");
  slow.answer = () => never;
  quick.put(3, "held");
  await using pm = new PmProcess(
    farmFile({ slow: pool(slow), quick: pool(quick) }, { autoscaler_interval_sec: 0.2, host_brake: false }),
  );
  await pm.until('autoscaler_target_workers{consumer="quick"}', (workers) => workers === 3);
  expect(await pm.metric('autoscaler_source_up{consumer="quick"}')).toBe(1);
  expect(await pm.metric('autoscaler_source_up{consumer="slow"}')).toBe(0);
  quick.release();
  expect(await pm.stop()).toBe(0);
});

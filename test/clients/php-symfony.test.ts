import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { renderClient } from "../../src/clients/client-text.ts";
import { missing } from "../support/needs.ts";
import { RedisServer } from "../support/redis-server.ts";
import { type Frame, WorkerPeer } from "../support/worker-peer.ts";

const application = join(import.meta.dir, "../fixtures/symfony/bin/console");
const reason = missing("php", "redis-server") ?? fixtureProblem();
if (reason !== null) console.warn(`skipping the Symfony Messenger client: ${reason}`);

/** Why the application of the fixture cannot run here, or null. */
function fixtureProblem(): string | null {
  const loads = Bun.spawnSync(["php", application, "list"]).exitCode === 0;
  const speaksRedis = Bun.spawnSync(["php", "-r", 'exit((int) !extension_loaded("redis"));']).exitCode === 0;
  return loads && speaksRedis ? null : "not installed: what test/fixtures/symfony/setup.sh installs";
}

const ofType = (type: string) => (frame: Frame) => frame["type"] === type;
const ended = (frame: Frame): boolean => frame["event"] === "handled" || frame["event"] === "failed";
const count = (frames: readonly Frame[], event: string): number =>
  frames.filter((frame) => frame["event"] === event).length;

describe.skipIf(reason !== null)("the Symfony Messenger client", () => {
  const directory = mkdtempSync(join(tmpdir(), "pm-symfony-"));
  const clientFile = join(directory, "pm-client.php");
  let redis: RedisServer;

  beforeAll(async () => {
    writeFileSync(clientFile, renderClient("php-symfony"));
    redis = await RedisServer.start();
  });

  afterAll(async () => {
    await redis[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true });
  });

  async function dispatch(transport: string, jobs: number, behaviour: string): Promise<void> {
    const options = [
      `--transport=${transport}`,
      `--count=${jobs}`,
      `--behaviour=${behaviour}`,
      `--prefix=${behaviour}`,
    ];
    const { exited } = Bun.spawn(["php", application, "app:dispatch", ...options], {
      env: { ...process.env, MESSENGER_DSN: redis.dsn },
    });
    expect(await exited).toBe(0);
  }

  function run(subscriber: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): WorkerPeer {
    const plugged = {
      MESSENGER_DSN: redis.dsn,
      PM_CLIENT_FILE: clientFile,
      WORKER_SUBSCRIBER: join(import.meta.dir, subscriber),
    };
    return new WorkerPeer(["php", application, ...args, "-q"], { env: { ...plugged, ...env } });
  }

  function consume(...args: readonly string[]): WorkerPeer {
    return run("fixture-subscriber.php", ["messenger:consume", "--sleep=0.01", ...args]);
  }

  test("reports every attempt of every message, and how long each took", async () => {
    await dispatch("async", 20, "ok");
    await dispatch("async", 3, "fail"); // three attempts each
    await using worker = consume("async");
    for (let i = 0; i < 20 + 3 * 3; i++) await worker.next(ended);
    worker.send({ type: "drain" });
    expect(await worker.child.exited).toBe(0);
    await worker.closed;

    const { frames } = worker;
    expect(frames[0]).toEqual({ type: "ready" });
    const events = ["received", "handled", "failed", "retried"];
    expect(events.map((event) => `${event} ${count(frames, event)}`)).toEqual([
      "received 29",
      "handled 20",
      "failed 9",
      "retried 6",
    ]);
    expect(frames.filter(ended).filter((frame) => !(Number(frame["duration_seconds"]) > 0))).toEqual([]);
    expect(frames.filter((frame) => frame["event"] === "failed").map((frame) => frame["error_class"])).toEqual(
      Array(9).fill("RuntimeException"),
    );
    expect(new Set(frames.slice(1).map((frame) => `${String(frame["transport"])} ${String(frame["class"])}`))).toEqual(
      new Set(["async Job"]),
    );
  });

  test("gives all events of one delivery the same id", async () => {
    await dispatch("orders", 3, "fail");
    await using worker = consume("orders", "--limit=3");
    await worker.closed;
    const stories = worker.frames.slice(1).map((frame) => String(frame["event"]));
    expect(stories).toEqual(Array.from({ length: 3 }, () => ["received", "failed", "retried"]).flat());
    for (let i = 1; i < worker.frames.length; i += 3) {
      const ids = worker.frames.slice(i, i + 3).map((frame) => frame["id"]);
      expect(ids).toEqual(Array(3).fill(expect.stringMatching(/^object:\d+$/)));
      expect(new Set(ids).size).toBe(1);
    }
  });

  test("tells deliveries apart by queue and number, finds the error of the handler, and leaves out what is refused", async () => {
    await using worker = run("messenger-events.php", ["list"]);
    await worker.closed;
    const duration_seconds = expect.any(Number);
    const left = { type: "message", transport: "left", class: "Job", id: "left:7" };
    const right = { type: "message", transport: "right", class: "Job", id: "right:7" };
    const nested = {
      type: "message",
      transport: "nested",
      class: "class@anonymous",
      id: expect.stringContaining("object:"),
    };
    expect(worker.frames).toEqual([
      { ...left, event: "received" },
      { ...right, event: "received" },
      { ...right, event: "handled", duration_seconds },
      { ...left, event: "handled", duration_seconds },
      { ...nested, event: "received" },
      { ...nested, event: "failed", duration_seconds, error_class: "DomainException" },
    ]);
  });

  test("answers pings while idle, and goes on working", async () => {
    await using worker = consume("payments");
    await worker.next(ofType("ready"));
    worker.send({ type: "ping" });
    await worker.next(ofType("pong"));
    await dispatch("payments", 1, "ok");
    expect(await worker.next((frame) => frame["event"] === "handled")).toMatchObject({
      transport: "payments",
      class: "Job",
    });
  });

  test("ends by itself when its manager is gone (seeds 1.10: stdin EOF ignored)", async () => {
    await using worker = consume("priority");
    await worker.next(ofType("ready"));
    worker.hangUp();
    expect(await worker.child.exited).toBe(0);
  });

  test("stays silent and works when pm did not start it", async () => {
    await dispatch("failed", 2, "ok");
    await using worker = run("fixture-subscriber.php", ["messenger:consume", "failed", "--limit=2"], { PM_IPC_FD: "" });
    expect(await worker.child.exited).toBe(0);
    await worker.closed;
    expect(worker.frames).toEqual([]);
  });
});

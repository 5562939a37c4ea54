import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ConsumerText, farmFile } from "../support/farm-file.ts";
import { Ledger } from "../support/ledger.ts";
import { missing } from "../support/needs.ts";
import { fpmProgram, PhpFpm } from "../support/php-server.ts";
import { RedisServer } from "../support/redis-server.ts";
import { SteeredPm } from "../support/steered-pm.ts";

const reason = missing("redis-server", "php", fpmProgram);
if (reason !== null) console.log(`Tasks from a queue are not tested end to end: ${reason}`);

setDefaultTimeout(60_000);

let redis: RedisServer;
const url = (): string => redis.dsn.replace("redis:", "redis+unix:");

const job = (data: string, more: object = {}): string =>
  JSON.stringify({ class: "DeferEvent", args: [data], jid: `jid-${data}`, queue: "default", retry: true, ...more });

/** A queue: how it is named in pm.yaml, how an entry gets in, and how many begun ones are not acknowledged, and of a list those that wait too. */
interface Queue {
  readonly from: ConsumerText;
  push(data: string): Promise<unknown>;
  left(): Promise<number>;
}

async function heldIn(list: string): Promise<number> {
  const keys = Object(await redis.send("KEYS", `${list}:pm:held:*`));
  let held = 0;
  for (const key of keys) held += Number(await redis.send("HLEN", key));
  return held + Number(await redis.send("LLEN", `${list}:pm:tried`)) + Number(await redis.send("LLEN", list));
}

const queues: Readonly<Record<string, Queue>> = {
  "a list": {
    from: { list: "jobs", max_attempts: 3 },
    push: (data) => redis.send("LPUSH", "jobs", JSON.stringify(data)),
    left: () => heldIn("jobs"),
  },
  "a stream": {
    from: { stream: "jobs", group: "workers", max_attempts: 3 },
    push: (data) => redis.send("XADD", "jobs", "*", "payload", JSON.stringify(data)),
    left: async () => {
      const [pending] = Object(await redis.send("XPENDING", "jobs", "workers"));
      return Number(pending);
    },
  },
  "Sidekiq's queue": {
    from: { list: "queue:default", format: "sidekiq" },
    push: (data) => redis.send("LPUSH", "queue:default", job(data)),
    left: () => heldIn("queue:default"),
  },
};

/** Who does the tasks: two processes of PHP on standard input, or two children of a php-fpm. */
const workers: Readonly<
  Record<string, (ledger: Ledger, fpm: PhpFpm) => { consumer: ConsumerText; tasks: ConsumerText }>
> = {
  "jsonl workers": ({ script }) => ({
    consumer: { command: ["php", script], processes: 2 },
    tasks: { protocol: "jsonl" },
  }),
  "php-fpm": ({ script }, { socket }) => ({
    consumer: {},
    tasks: { protocol: "fastcgi", address: `unix:${socket}`, connections: 2, script },
  }),
};

/** Starts pm on this file; the same file makes it the same pm in the eyes of the queue. */
function start(file: string): SteeredPm {
  return new SteeredPm("", { args: ["serve", file] });
}

/** Looks into Redis again and again until it is so; the test's own time limit ends it. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo()));
}

describe.skipIf(reason !== null)("tasks from", () => {
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  beforeEach(async () => {
    await redis.send("FLUSHALL");
  });
  afterAll(() => redis[Symbol.asyncDispose]());

  const pairs = Object.keys(queues).flatMap((queue) => Object.keys(workers).map((who) => [queue, who] as const));
  test.each(pairs)("%s for %s are all done, through a SIGKILL of pm, and acknowledged", async (queueName, who) => {
    const queue = queues[queueName];
    const about = workers[who];
    if (queue === undefined || about === undefined) throw new Error("no such pair");
    using ledger = new Ledger();
    await using fpm = await PhpFpm.start(ledger.folder);
    const { consumer, tasks } = about(ledger, fpm);
    const file = join(ledger.folder, "pm.yaml");
    const from = { redis: url(), reclaim: 1, ...queue.from };
    writeFileSync(file, farmFile({ a: { ...consumer, tasks: { ...tasks, from } } }));

    const count = 300;
    const data = Array.from({ length: count }, (_, n) => `n${n}`);
    for (const each of data) await queue.push(each);
    {
      await using pm = start(file);
      await ledger.holds((seen) => seen.length >= count / 3);
      pm.signal("SIGKILL");
      await pm.process.exited;
    }
    expect(new Set(ledger.tasks()).size).toBeLessThan(count);
    await using pm = start(file);
    await ledger.holds((seen) => new Set(seen).size === count);
    await until(async () => (await queue.left()) === 0);
    expect(await pm.stop()).toBe(0);
    expect(ledger.tasks().toSorted()).toEqual(expect.arrayContaining(data));
    // Only what was under way at that moment was begun again.
    expect(ledger.tasks().length - count).toBeLessThan(count / 3);
    expect(await redis.send("EXISTS", "jobs:dead", "dead", "retry")).toBe(0);
  });

  test.each(["a list", "a stream"])(
    "%s that fail three times are laid aside, and the others are done",
    async (name) => {
      const queue = queues[name];
      if (queue === undefined) throw new Error("no such queue");
      using ledger = new Ledger();
      const file = join(ledger.folder, "pm.yaml");
      const tasks = { protocol: "jsonl", from: { redis: url(), ...queue.from } };
      writeFileSync(file, farmFile({ a: { command: ["php", ledger.script], processes: 2, tasks } }));
      for (const each of ["good 1", "bad", "good 2"]) await queue.push(each);
      await using pm = start(file);
      await ledger.holds((seen) => seen.length === 5);
      await until(async () => (await queue.left()) === 0);
      expect(ledger.tasks().toSorted()).toEqual(["bad", "bad", "bad", "good 1", "good 2"]);
      const dead =
        name === "a list" ? redis.send("LRANGE", "jobs:dead", "0", "-1") : redis.send("XRANGE", "jobs:dead", "-", "+");
      expect(JSON.stringify(await dead)).toContain("cannot do bad");
      expect(await pm.stop()).toBe(0);
    },
  );

  test("Sidekiq's queue for php-fpm with the pm.yaml of the README, which has ten lines", async () => {
    using ledger = new Ledger();
    await using fpm = await PhpFpm.start(ledger.folder);
    const readme = readFileSync(join(import.meta.dir, "..", "..", "README.md"), "utf8");
    const shown = [...readme.matchAll(/^```yaml\n([\s\S]*?)^```$/gmu)].find(([, yaml]) =>
      yaml?.includes("sidekiq"),
    )?.[1];
    expect(shown?.trimEnd().split("\n")).toHaveLength(10);
    const replaced = (shown ?? "")
      .replace("unix:/run/php/php-fpm.sock", `unix:${fpm.socket}`)
      .replace("/app/dispatch.php", ledger.script)
      .replace("redis://127.0.0.1:6379/0", url());
    const file = join(ledger.folder, "pm.yaml");
    writeFileSync(file, `${replaced}http_server: false\n`);

    const event = "TzoxMToiQXBwXFNpZ25lZFVwIjowOnt9"; // a serialised event in base64
    await redis.send("LPUSH", "queue:default", job(event), job("bad 1", { retry: 0 }), job("bad 2"), job("last"));
    await using pm = start(file);
    await ledger.holds((seen) => seen.length === 4);
    await until(async () => Number(await redis.send("EXISTS", "dead", "retry")) === 2);
    await until(async () => (await heldIn("queue:default")) === 0);
    expect(ledger.tasks().toSorted()).toEqual([event, "bad 1", "bad 2", "last"].toSorted());
    const [dead] = Object(await redis.send("ZRANGE", "dead", "0", "-1"));
    const [retry] = Object(await redis.send("ZRANGE", "retry", "0", "-1"));
    const message = expect.stringContaining("cannot do bad");
    expect(JSON.parse(dead)).toMatchObject({ args: ["bad 1"], error_message: message });
    expect(JSON.parse(retry)).toMatchObject({ args: ["bad 2"], retry_count: 0, error_message: message });
    expect(await pm.stop()).toBe(0);
  });
});

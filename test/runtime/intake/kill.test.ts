import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { missing } from "../../support/needs.ts";
import { RedisServer } from "../../support/redis-server.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { Bench, listSource, streamSource } from "./intake-bench.ts";

const reason = missing("redis-server");
if (reason !== null) console.log(`Killing pm with tasks from Redis is not tested: ${reason}`);

const entries = 6000;
const kills = 5;

const startPm = (node: string, ledger: string, source: string): Bun.Subprocess =>
  Bun.spawn([process.execPath, join(import.meta.dir, "kill-child.ts"), node, ledger, source], {
    stdio: ["ignore", "inherit", "inherit"],
  });

describe.skipIf(reason !== null)("pm killed at any moment", () => {
  test.each([
    ["list", "started again", listSource],
    ["stream", "started again", streamSource],
    ["list", "replaced by another", listSource],
    ["stream", "replaced by another", streamSource],
  ])(
    "loses no entry of a %s when it is %s, and runs only those again that were under way",
    async (kind, next, sourceOf) => {
      await using server = await RedisServer.start();
      await using bench = new Bench(server);
      using folder = temporaryFolder();
      const ledger = join(folder.path, "ledger");
      writeFileSync(ledger, "");
      const source = JSON.stringify(sourceOf(server, { maxAttempts: 1000, reclaimMs: 300 }));
      const start = (life: number): Bun.Subprocess =>
        startPm(next === "started again" ? "here" : `pm${life}`, ledger, source);
      const add =
        kind === "list"
          ? "for i = 1, ARGV[1] do redis.call('LPUSH', 'jobs', i) end"
          : "for i = 1, ARGV[1] do redis.call('XADD', 'jobs', '*', 'payload', i) end";
      await bench.send("EVAL", add, "0", String(entries));

      const answered = (): string[] => readFileSync(ledger, "utf8").trim().split("\n");
      for (let kill = 1; kill <= kills; kill++) {
        const child = start(kill);
        // Somewhere in the middle of it, each time further on.
        const enough = Math.floor(((kill + Math.random()) * entries) / (kills + 2));
        await bench.until(() => answered().length >= enough);
        child.kill("SIGKILL");
        await child.exited;
      }
      const last = start(kills + 1);
      await bench.until(() => new Set(answered()).size === entries);
      await bench.until(async () => {
        const [pending = 0] = kind === "list" ? [] : Object(await bench.send("XPENDING", "jobs", "pm"));
        const held = Object(await bench.send("KEYS", "jobs:pm:held:*"));
        return pending === 0 && held.length === 0 && (await bench.send("EXISTS", "jobs:pm:tried", "dead")) === 0;
      });
      last.kill("SIGKILL");
      await last.exited;
      // At most those under way, their acknowledgements on their way included.
      expect(answered().length - entries).toBeLessThanOrEqual(kills * 100);
    },
    60_000,
  );
});

import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readEntries } from "../src/config/entries.ts";
import { issuesOf, parse } from "./config/source.ts";
import { missing } from "./support/needs.ts";
import { Lines } from "./support/pm-process.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const readme = readFileSync(join(import.meta.dir, "..", "README.md"), "utf8");
const [, script = ""] = /^```php\n(<\?php \/\/ jobs\.php\n[\s\S]*?)^```$/mu.exec(readme) ?? [];

/** What the script finds of an application of php-lrpm: a ConfigurationSource, and a worker that says what it does. */
const autoload = String.raw`<?php
namespace PHPLRPM { interface ConfigurationSource { public function loadConfiguration(): array; } }
namespace App {
    class JobSource implements \PHPLRPM\ConfigurationSource {
        public function loadConfiguration(): array { return require __DIR__ . '/../jobs-of-test.php'; }
    }
    class Worker {
        private array $job;
        public function start(array $job): void { $this->job = $job; echo "start {$job['name']} {$job['workerConfig']['queue']}\n"; }
        public function cycle(): void { echo "cycle\n"; usleep(1000); }
    }
}
`;

const why = missing("php");

test.skipIf(why !== null)(`the script of the README moves the jobs of php-lrpm over ${why ?? ""}`, async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, "jobs.php");
  Bun.spawnSync(["mkdir", join(folder.path, "vendor")]);
  writeFileSync(file, script);
  writeFileSync(join(folder.path, "vendor", "autoload.php"), autoload);
  const jobs = (php: string): void => writeFileSync(join(folder.path, "jobs-of-test.php"), `<?php return ${php};`);
  const print = (): string => Bun.spawnSync(["php", file], { stderr: "inherit" }).stdout.toString();
  const farm = parse("source: {command: [php, jobs.php]}");
  if (!farm.ok) throw new Error(issuesOf(farm).join("\n"));

  jobs(`[
    23 => ['name' => 'mail', 'workerClass' => 'App\\Worker', 'mtime' => 1700000000, 'workerConfig' => ['queue' => 'q1'], 'shutdownTimeoutSeconds' => 3],
    'b.7' => ['name' => 'b', 'workerClass' => 'App\\Worker', 'mtime' => 1700000001, 'workerConfig' => []],
  ]`);
  const read = readEntries(print(), farm.entrySurroundings);
  expect(read).toMatchObject({
    ok: true,
    good: [
      { name: "job-23", mtime: 1_700_000_000, stopTimeoutMs: 3_000, restart: { minUptimeMs: 5_000 }, origin: "source" },
      { name: "job-b.7", mtime: 1_700_000_001, stopTimeoutMs: 10_000 },
    ],
    rejected: [],
  });

  const worker = read.ok ? read.good[0] : undefined;
  const running = Bun.spawn([...(worker?.command ?? [])], {
    env: { ...process.env, ...worker?.env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const stdout = new Lines(running.stdout);
  await stdout.find((line) => line === "start mail q1");
  await stdout.count((line) => line === "cycle", 2);
  running.kill("SIGTERM");
  expect(await running.exited).toBe(0);

  jobs("[]");
  expect(readEntries(print(), farm.entrySurroundings)).toEqual({ ok: true, good: [], rejected: [] });
});

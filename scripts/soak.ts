/**
 * Restarts a worker very often and looks at what pm keeps of it: `bun scripts/soak.ts [RESTARTS]` (20,000). Prints open files, memory and the
 * processes' zombies as it goes; fails when files or zombies have grown, or memory by more than a fifth since the first tenth.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const restarts = Number(process.argv[2] ?? 20_000);
const folder = mkdtempSync(join(tmpdir(), "pm-soak-"));
const file = join(folder, "pm.yaml");
writeFileSync(
  file,
  `http_server: {port: 0}
consumers:
  quick:
    command: [sh, -c, 'echo "{\\"message\\":\\"done\\",\\"extra\\":{}}"; echo plain >&2']
    processes: 8
    min_uptime: 0
`,
);
const pm = Bun.spawn([join(import.meta.dir, "..", "dist", "pm"), "serve", file], {
  stdio: ["ignore", "ignore", "pipe"],
});

/** The address it serves on, from its log; the rest of the log is read and thrown away. */
async function address(): Promise<string> {
  const found = Promise.withResolvers<string>();
  void (async () => {
    let head = "";
    for await (const chunk of pm.stderr) {
      if (head.length > 100_000) continue;
      head += new TextDecoder().decode(chunk);
      const [, url] = /"address":"([^"]+)"/u.exec(head) ?? [];
      if (url !== undefined) found.resolve(url);
    }
  })();
  return found.promise;
}

interface Reading {
  readonly starts: number;
  readonly openFiles: number;
  readonly residentKb: number;
  readonly anonymousKb: number;
  readonly zombies: number;
}

async function read(url: string): Promise<Reading> {
  const page = await (await fetch(`${url}/metrics`)).text();
  const status = readFileSync(`/proc/${pm.pid}/status`, "utf8");
  const kb = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, "mu").exec(status)?.[1] ?? 0);
  const children = readdirSync("/proc").filter((pid) => {
    try {
      return new RegExp(`^\\d+ \\(.*\\) Z ${pm.pid} `, "su").test(readFileSync(`/proc/${pid}/stat`, "latin1"));
    } catch {
      return false; // no process, or gone meanwhile
    }
  });
  return {
    starts: Number(/^worker_starts_total\{consumer="quick"\} (\d+)/mu.exec(page)?.[1] ?? 0),
    openFiles: readdirSync(`/proc/${pm.pid}/fd`).length,
    residentKb: kb("VmRSS"),
    anonymousKb: kb("RssAnon"),
    zombies: children.length,
  };
}

const url = await address();
const startedAt = performance.now();
const readings: Reading[] = [];
console.log("restarts  open files  RSS KB  anonymous KB  zombies");
for (let next = restarts / 10; ;) {
  const reading = await read(url);
  if (reading.starts < next) {
    await Bun.sleep(50);
    continue;
  }
  readings.push(reading);
  console.log([reading.starts, reading.openFiles, reading.residentKb, reading.anonymousKb, reading.zombies].join("\t"));
  if (reading.starts >= restarts) break;
  next += restarts / 10;
}
const seconds = (performance.now() - startedAt) / 1000;
pm.kill("SIGTERM");
const exitCode = await pm.exited;
rmSync(folder, { recursive: true });

const [first, last] = [readings[0], readings.at(-1)];
if (first === undefined || last === undefined) throw new Error("nothing was measured");
console.log(`${Math.round(last.starts / seconds)} restarts/s; pm ended with ${exitCode}`);
// Eight workers come and go while one looks: up to six descriptors each may be there or not.
const grown = [
  last.openFiles > first.openFiles + 48 ? "open files" : null,
  last.residentKb > first.residentKb * 1.2 ? "memory" : null,
  last.zombies > 8 ? "zombies" : null,
  exitCode === 0 ? null : "the exit code",
].filter((what) => what !== null);
if (grown.length > 0) console.log(`FAILED: ${grown.join(", ")}`);
process.exit(grown.length === 0 ? 0 : 1);

/**
 * Where should workers' output be read? Beside each other in one run, on the same lines and the same work on a line:
 *   thread   pm itself: one thread with its own epoll, everything non-blocking (dist/pm)
 *   streams  the main thread: a stream for each pipe and Bun's writer for stdout, as in main-thread-output.ts
 *   cat      no work at all: what the pipes cost
 *
 *     bun scripts/bench/output-path.ts [SECONDS] [WORKERS]
 *
 * Prints lines a second, CPU seconds for a GB of input, and restarts a second of a quick worker beside it, with the ratio to cat's lines.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const seconds = Number(process.argv[2] ?? 3);
const workers = Number(process.argv[3] ?? 4);
const line = JSON.stringify({
  message: "handling message of the queue, with words enough to be as long as a line of an application is",
  context: { job: "a-1234", pid: 4711 },
  level: 200,
  level_name: "INFO",
  channel: "app",
  datetime: "2026-11-22T00:34:18.123456+00:00",
  extra: {},
});
/** `stdbuf` makes it one write(2) a line, as PHP does. */
const writer = { "a write a line": ["stdbuf", "-oL", "yes", line], "large writes": ["yes", line] };
const folder = mkdtempSync(join(tmpdir(), "pm-bench-"));

type Subject = (command: readonly string[]) => string[];
const cat: Subject = (command) => [
  "sh",
  "-c",
  `{ ${Array(workers)
    .fill(`${quote(command)} &`)
    .join(" ")} wait; } | cat`,
];
const subjects: Readonly<Record<string, Subject>> = {
  thread: (command) => {
    const file = join(folder, "pm.yaml");
    const consumers = {
      flood: { command, processes: workers },
      quick: { command: ["true"], min_uptime: 0 },
    };
    writeFileSync(file, JSON.stringify({ http_server: false, consumers }));
    return [join(import.meta.dir, "..", "..", "dist", "pm"), "serve", file];
  },
  streams: (command) => [process.execPath, join(import.meta.dir, "main-thread-output.ts"), String(workers), ...command],
  cat,
};

function quote(command: readonly string[]): string {
  return command.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(" ");
}

interface Figures {
  readonly linesPerSecond: number;
  readonly cpuSecondsPerGb: number;
  readonly restartsPerSecond: number;
}

async function measure(argv: readonly string[], cpuOf: (pid: number) => number): Promise<Figures> {
  const child = Bun.spawn([...argv], { stdio: ["ignore", "pipe", "pipe"], detached: true });
  let lines = 0;
  let restarts = 0;
  const reading = (async () => {
    for await (const chunk of child.stdout)
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++;
  })();
  const listening = (async () => {
    for await (const chunk of child.stderr)
      restarts += new TextDecoder().decode(chunk).split("Worker started.").length - 1;
  })();
  await Bun.sleep(500); // start-up is not measured
  const [lines0, restarts0, cpu0, t0] = [lines, restarts, cpuOf(child.pid), performance.now()];
  await Bun.sleep(seconds * 1000);
  const elapsed = (performance.now() - t0) / 1000;
  const [lines1, restarts1, cpu1] = [lines, restarts, cpuOf(child.pid)];
  process.kill(-child.pid, "SIGTERM");
  await child.exited;
  await Promise.all([reading, listening]);
  const gigabytes = ((lines1 - lines0) * (line.length + 1)) / 1e9;
  return {
    linesPerSecond: (lines1 - lines0) / elapsed,
    cpuSecondsPerGb: (cpu1 - cpu0) / gigabytes,
    restartsPerSecond: (restarts1 - restarts0) / elapsed,
  };
}

/** User and system time of one process, its threads included. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** cat is a child of the shell. */
function cpuSecondsOfCat(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim().split(" ").map(Number);
  const found = children.find((child) => readFileSync(`/proc/${child}/comm`, "latin1") === "cat\n");
  return found === undefined ? Number.NaN : cpuSeconds(found);
}

for (const [how, command] of Object.entries(writer)) {
  console.log(`\n${workers} workers, ${how}, ${line.length + 1} bytes a line`);
  console.log("subject   klines/s   of cat   CPU s/GB   restarts/s beside it");
  const floor = await measure(cat(command), cpuSecondsOfCat);
  for (const [name, subject] of Object.entries(subjects)) {
    const figures = name === "cat" ? floor : await measure(subject(command), cpuSeconds);
    console.log(
      [
        name.padEnd(8),
        (figures.linesPerSecond / 1000).toFixed(0).padStart(9),
        (figures.linesPerSecond / floor.linesPerSecond).toFixed(2).padStart(8),
        figures.cpuSecondsPerGb.toFixed(2).padStart(10),
        figures.restartsPerSecond.toFixed(0).padStart(8),
      ].join(" "),
    );
  }
}
rmSync(folder, { recursive: true });

/**
 * What it costs to ask a running pm: GET /v1/status and `pm status`, beside a bare Bun.serve on a Unix socket in the same run; with
 * few and many workers, idle, and with a thousand silent connections and a client that sends a byte at a time.
 *
 *     bun scripts/bench/control.ts [workers …]      default: 1 100 500; needs dist/pm, or another binary in PM_BINARY
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const pm = process.env["PM_BINARY"] ?? join(import.meta.dir, "..", "..", "dist", "pm");
const folder = mkdtempSync(join(tmpdir(), "pm-bench-"));
const socket = join(folder, "pm.sock");
const bare = join(folder, "bare.sock");

const [requests, commands, idleConnections] = [200, 15, 1_000];

/** Milliseconds each run took, ascending. */
async function measure(count: number, action: () => Promise<unknown>): Promise<readonly number[]> {
  const times: number[] = [];
  for (let at = 0; at < count; at++) {
    const startMs = performance.now();
    await action();
    times.push(performance.now() - startMs);
  }
  return times.toSorted((a, b) => a - b);
}

const at = (sorted: readonly number[], share: number): number => sorted[Math.floor(sorted.length * share)] ?? NaN;
const ms = (time: number): string => `${time < 10 ? time.toFixed(2) : time.toFixed(0)} ms`;

const ask = (unix: string, path: string) => async (): Promise<string> =>
  await (await fetch(`http://pm${path}`, { unix })).text();

async function run(command: readonly string[]): Promise<void> {
  const child = Bun.spawn([...command], { stdio: ["ignore", "ignore", "inherit"] });
  if ((await child.exited) !== 0) throw new Error(`${command.join(" ")} failed`);
}

async function connected(path: string): Promise<Socket> {
  const client = connect(path);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  client.on("connect", resolve).on("error", reject);
  await promise;
  return client;
}

/** One row of the table. */
async function row(workers: number, load: string): Promise<void> {
  await ask(socket, "/v1/status")();
  const bareTimes = await measure(requests, ask(bare, "/"));
  const statusTimes = await measure(requests, ask(socket, "/v1/status"));
  const versionTimes = await measure(commands, () => run([pm, "--version"]));
  const commandTimes = await measure(commands, () => run([pm, "status", "--socket", socket]));
  const [b, s, v, c] = [bareTimes, statusTimes, versionTimes, commandTimes].map((times) => at(times, 0.5));
  const cells = [
    String(workers),
    load,
    ms(b ?? NaN),
    ms(s ?? NaN),
    `${((s ?? NaN) / (b ?? NaN)).toFixed(1)}×`,
    ms(at(statusTimes, 0.99)),
    ms(v ?? NaN),
    ms(c ?? NaN),
    ms(at(commandTimes, 1 - 1 / commands)),
  ];
  console.log(`| ${cells.join(" | ")} |`);
}

async function bench(workers: number): Promise<void> {
  const file = join(folder, "pm.yaml");
  const consumers = { a: { command: ["sleep", "100000"], processes: workers } };
  writeFileSync(file, JSON.stringify({ http_server: false, control: { socket }, consumers }));
  const serve = Bun.spawn([pm, "serve", file], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  const decoder = new TextDecoder();
  for await (const chunk of serve.stderr) {
    said += decoder.decode(chunk, { stream: true });
    const started = said.split('"Worker started."').length - 1;
    if (started >= workers && said.includes('"Control socket listening."')) break;
  }
  await row(workers, "idle");
  const clients: Socket[] = [];
  for (let count = 0; count < idleConnections; count++) clients.push(await connected(socket));
  const slow = await connected(socket);
  const bytes = setInterval(() => slow.write("x"), 1_000);
  slow.write("GET /v1/status HTTP/1.1\r\nx: ");
  await row(workers, `${idleConnections} silent, 1 slow`);
  clearInterval(bytes);
  for (const client of [...clients, slow]) client.destroy();
  serve.kill("SIGTERM");
  await serve.exited;
}

const server = Bun.spawn(
  [
    process.execPath,
    "-e",
    `Bun.serve({ unix: ${JSON.stringify(bare)}, fetch: () => new Response("{}"), development: false }); console.log("up")`,
  ],
  { stdio: ["ignore", "pipe", "inherit"] },
);
await server.stdout.getReader().read();
console.log("| workers | load | bare Bun.serve | GET /v1/status | ratio | p99 | pm --version | pm status | slowest |");
console.log("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
const sizes = process.argv.slice(2).map(Number);
for (const workers of sizes.length > 0 ? sizes : [1, 100, 500]) await bench(workers);
server.kill();
rmSync(folder, { recursive: true });

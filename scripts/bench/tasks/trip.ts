import { join } from "node:path";
import type { BenchFarm } from "./bench-farm.ts";
import { figuresOf, table } from "./figures.ts";
import { TaskPool } from "../../../src/runtime/tasks/task-pool.ts";
import { JsonlLane } from "../../../src/runtime/tasks/jsonl-lane.ts";
import { systemClock } from "../../../src/runtime/system-clock.ts";
import { closeFd, pipe } from "../../../src/system/libc.ts";

const [trips, warmUp] = [5_000, 500];

/** Microseconds of each trip, one after the other. */
async function measure(trip: (value: number) => Promise<unknown>): Promise<readonly number[]> {
  const times: number[] = [];
  for (let at = 0; at < trips + warmUp; at++) {
    const startMs = performance.now();
    await trip(at);
    times.push((performance.now() - startMs) * 1000);
  }
  return times.slice(warmUp);
}

const echo = ["bun", join(import.meta.dir, "echo-worker.mjs")];

async function bare(): Promise<readonly number[]> {
  const child = Bun.spawn(echo, { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  const reader = child.stdout.getReader();
  const times = await measure(async (value) => {
    void child.stdin.write(`{"id":${value},"payload":${value}}\n`);
    await child.stdin.flush();
    await reader.read();
  });
  child.kill();
  return times;
}

async function pooled(): Promise<readonly number[]> {
  const [stdin, stdout] = [pipe("write"), pipe("read")];
  const child = Bun.spawn(echo, { stdio: [stdin.readFd, stdout.writeFd, "inherit"] });
  closeFd(stdin.readFd);
  closeFd(stdout.writeFd);
  const tasks = {
    protocol: "jsonl",
    mailboxLimit: 100,
    dispatch: "least_loaded",
    timeoutMs: 60_000,
    retries: 0,
    concurrency: 1,
    prefetch: null,
    maxTasks: null,
    maxBytes: 1_000_000,
    fastcgi: null,
    from: null,
  } as const;
  const pool = new TaskPool("bench", tasks, { clock: systemClock, wanted() {}, problem() {} });
  const pipes = { stdinFd: stdin.writeFd, stdoutFd: stdout.readFd, maxBytes: tasks.maxBytes, cancel() {}, ended() {} };
  const lane = new JsonlLane(pipes);
  const process = pool.attach(1, lane, { busyChanged() {}, ran() {}, replace() {} });
  lane.serve(process);
  process.open();
  const request = { timeoutMs: null, retries: null, priority: 0, key: null, chain: [] };
  const times = await measure((value) => {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    pool.submit({ ...request, payload: String(value) }, resolve);
    return promise;
  });
  child.kill();
  return times;
}

/** One task after the other: a bare pipe, pm's pool over the same worker, and the whole way through a running pm. */
export async function tripTable(farm: BenchFarm): Promise<readonly string[]> {
  const measured: readonly (readonly [string, readonly number[]])[] = [
    ["a bare Bun pipe", await bare()],
    ["a task in pm, jsonl worker", await pooled()],
    ["POST /v1/consumers/node/tasks", await measure((value) => farm.task("node", value))],
  ];
  const first = figuresOf(measured[0]?.[1] ?? []).median;
  const rows = measured.map(([name, times]) => {
    const { median, min } = figuresOf(times);
    return [name, median.toFixed(0), min.toFixed(0), `${(median / first).toFixed(2)}×`];
  });
  return table(["one at a time, µs", "median", "min", "÷ bare pipe"], rows);
}

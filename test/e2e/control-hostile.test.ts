import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { closeSync, openSync } from "node:fs";
import { farmFile, steady } from "../support/farm-file.ts";
import { memoryBytes, openFds, until } from "../support/proc.ts";
import { RawConnections } from "../support/raw-connections.ts";
import { did, SteeredPm } from "../support/steered-pm.ts";

setDefaultTimeout(20_000);

const restarted = did(/a: 2 workers restarted in .*/u);
const mebibyte = 1 << 20;
/** The test's own connections, which it keeps for the next request. */
const spareFds = 8;

const post = (length: number, body: string): string =>
  `POST /v1/consumers/a/restart HTTP/1.1\r\nhost: pm\r\ncontent-length: ${length}\r\n\r\n${body}`;

/** A farm of two workers, and the descriptors pm has when nobody speaks to it any more. */
async function quietFarm(): Promise<{ pm: SteeredPm; fds: number }> {
  const pm = new SteeredPm(farmFile({ a: { ...steady, processes: 2, min_uptime: 0 } }));
  await pm.stdout.count((line) => line.endsWith("up"), 2);
  await pm.record("Control socket listening.");
  return { pm, fds: openFds(pm.pid) + spareFds };
}

/** A worker that is killed comes back, a command is answered, and an order is carried out. */
async function expectAtWork(pm: SteeredPm): Promise<void> {
  const [victim] = await pm.pids("a");
  if (typeof victim !== "number") throw new Error("no worker runs");
  const { worker } = (await pm.record("Worker started.", { pid: victim })).context;
  const starts = pm.recorded("Worker started.", { worker }).length;
  process.kill(victim, "SIGKILL");
  await pm.records("Worker started.", starts + 1, { worker });
  expect(await pm.run("status")).toMatchObject({ exitCode: 0, stderr: "" });
  expect(await pm.run("restart a")).toEqual(restarted);
}

describe("clients that mean no good", () => {
  test("a thousand that say nothing and one that says a byte at a time", async () => {
    const { pm: farm, fds } = await quietFarm();
    await using pm = farm;
    const memory = memoryBytes(pm.pid, "VmHWM");
    using idle = new RawConnections(pm.socket);
    await idle.open(1_000);
    using slow = new RawConnections(pm.socket);
    await slow.open(1);
    const follower = await pm.follow("events -f -n 0");
    const request = post(14, '{"by": "slow"}');
    for (const byte of request.slice(0, -1)) {
      slow.sockets[0]?.write(byte);
      expect((await pm.ask("/v1/")).status).toBe(200); // the byte is on its way when this is answered
    }
    await expectAtWork(pm);
    expect(follower.stdout.all.join("\n")).not.toContain("slow");
    slow.sockets[0]?.write(request.slice(-1));
    await follower.stdout.find((line) => line.includes("slow"));
    follower.interrupt();
    await follower.exited;
    idle.close();
    slow.close();
    await until(() => openFds(pm.pid) <= fds);
    expect(memoryBytes(pm.pid, "VmHWM") - memory).toBeLessThan(64 * mebibyte);
    await expectAtWork(pm);
  });

  test.each([
    ["half a request", "GET /v1/sta"],
    ["half a header", "GET /v1/status HTTP/1.1\r\nho"],
    ["half a body", post(100, '{"slot"')],
    ["a header without end", `GET /v1/ HTTP/1.1\r\nx: ${"y".repeat(70_000)}`],
    ["a body announced as too long", post(1_000_000_000, "{")],
    ["garbage", new Uint8Array(4_096).map((_, at) => (at * 167) % 256)],
    ["the same request a thousand times over", "GET /v1/status HTTP/1.1\r\nhost: pm\r\n\r\n".repeat(1_000)],
  ])("a hundred that send %s", async (_, text) => {
    const { pm: farm, fds } = await quietFarm();
    await using pm = farm;
    using hostile = new RawConnections(pm.socket);
    await hostile.open(100, text);
    await expectAtWork(pm);
    hostile.close();
    await until(() => openFds(pm.pid) <= fds);
    expect(memoryBytes(pm.pid, "VmHWM")).toBeLessThan(512 * mebibyte);
    await expectAtWork(pm);
  });

  test("fifty that follow the output of a flood and the events, and never read", async () => {
    const nowhere = openSync("/dev/null", "w");
    const flood = { command: ["yes", "a line of output"], processes: 2 };
    const consumers = { a: { ...steady, processes: 2, min_uptime: 0 }, flood };
    await using pm = new SteeredPm(farmFile(consumers), { stdoutFd: nowhere });
    await pm.records("Worker started.", 4);
    await pm.record("Control socket listening.");
    const fds = openFds(pm.pid) + spareFds;
    using deaf = new RawConnections(pm.socket);
    await deaf.open(25, "GET /v1/logs?follow=1 HTTP/1.1\r\nhost: pm\r\n\r\n");
    await deaf.open(25, "GET /v1/events?follow=1 HTTP/1.1\r\nhost: pm\r\n\r\n");
    await pm.until('pm_log_lines_total{consumer="flood",stream="stdout"}', (lines) => lines > 200_000);
    await expectAtWork(pm);
    const lines = 'pm_log_lines_total{consumer="flood",stream="stdout"}';
    const before = await pm.until(lines, () => true);
    await pm.until(lines, (now) => now > before + 200_000);
    expect(memoryBytes(pm.pid, "VmHWM")).toBeLessThan(512 * mebibyte);
    deaf.close();
    await until(() => openFds(pm.pid) <= fds);
    closeSync(nowhere);
  });
});

describe("where descriptors are few", () => {
  test("those who hoard connections lose them, and workers start again", async () => {
    const starter = ["sh", "-c", 'ulimit -n 256; exec "$0" "$@"'];
    const yaml = farmFile({ a: { ...steady, processes: 2, min_uptime: 0, backoff_base: "10ms", backoff_max: "10ms" } });
    await using pm = new SteeredPm(yaml, { starter });
    await pm.stdout.count((line) => line.endsWith("up"), 2);
    const follower = await pm.follow("events -f");
    await follower.stdout.find((line) => line.includes("started"));
    using hoard = new RawConnections(pm.socket);
    await hoard.open(300);
    await pm.record("Descriptors ran short; idle control connections were closed.");
    await expectAtWork(pm);
    // One connection of a process is nobody's hoard.
    await follower.stdout.find((line) => line.includes("restart"));
    follower.interrupt();
    expect(await follower.exited).toBe(0);
    hoard.close();
    await expectAtWork(pm);
  });
});

import { describe, expect, test } from "bun:test";
import { copyFileSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseMaxFds, readOwnUsage } from "../../src/surface/own-usage.ts";
import {
  parsePageBytes,
  parseResidentPages,
  readProcesses,
  readProcessesInTurns,
  secondsOf,
} from "../../src/system/proc-stat.ts";

test.each([
  ["2625 300 210 5 0 130 0\n", 300],
  ["0 0 0 0 0 0 0\n", 0],
  ["18446744073 4294967296 1\n", 4_294_967_296],
  ["", null],
  ["12", null],
  ["12 ", null],
  ["12 34", null], // it may go on
  ["12  34", null],
  ["a b c", null],
  ["1 -2 3", null],
])("the resident pages of %j are %j", (statm, pages) => {
  expect(parseResidentPages(Buffer.from(statm), statm.length)).toBe(pages);
  expect(parseResidentPages(Buffer.from(`${statm} 7 7 7`), statm.length)).toBe(pages); // what a longer line left behind
});

test.each([
  [0, 0, 0],
  [0, 999, 0],
  [0, 1_480_289, 0.00148],
  [214, 365_034_999, 214.365034],
  [4_000_000_000, 999_999_999, 4_000_000_000.999999],
])("%d s and %d ns are %d s", (seconds, nanoseconds, told) => {
  expect(secondsOf(Uint32Array.of(seconds, 0, nanoseconds, 0))).toBe(told);
});

const auxv = (...numbers: number[]): Uint8Array => new Uint8Array(new BigUint64Array(numbers.map(BigInt)).buffer);

describe("the size of a page", () => {
  test.each([
    ["is read from the auxiliary vector", auxv(33, 1, 6, 65_536, 0, 0), 65_536],
    ["is 4096 when the vector does not tell", auxv(33, 1, 16, 6, 0, 0), 4_096],
    ["is 4096 when the vector is cut", auxv(6), 4_096],
  ])("%s", (_, given, bytes) => {
    expect(parsePageBytes(given)).toBe(bytes);
  });
});

test.each([
  ["Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 4096    files\n", 1_024],
  ["Max open files            unlimited            unlimited    files\n", null],
  ["Max processes             10                   10           processes\n", null],
])("the limit of open files in %j is %j", (limits, most) => {
  expect(parseMaxFds(limits)).toBe(most);
});

describe("the real /proc", () => {
  test("a live process is told, one that is not there is left out", () => {
    const usage = readProcesses([process.pid, 2 ** 22 + 1, 0, -1]);
    expect([...usage.keys()]).toEqual([process.pid]);
    const own = usage.get(process.pid);
    expect(own?.cpuSeconds).toBeGreaterThan(0);
    expect(Math.abs((own?.rssBytes ?? 0) / process.memoryUsage.rss() - 1)).toBeLessThan(0.2);
  });

  test("the CPU time is the one the kernel tells of the process itself", () => {
    const before = spent();
    const told = readProcesses([process.pid]).get(process.pid)?.cpuSeconds ?? NaN;
    // The two books of the kernel are rounded apart.
    expect([told > before - 0.02, told < spent() + 0.02]).toEqual([true, true]);
  });

  test("whatever a process is called, it is told", async () => {
    const folder = mkdtempSync(join(tmpdir(), "pm-names-"));
    const program = join(folder, "a) R (b 1 2");
    copyFileSync(Bun.which("sleep") ?? "", program);
    const odd = Bun.spawn([program, "1000"], { stdio: ["ignore", "ignore", "ignore"] });
    try {
      expect(readProcesses([odd.pid]).has(odd.pid)).toBe(true);
    } finally {
      odd.kill("SIGKILL");
      await odd.exited;
      rmSync(folder, { recursive: true });
    }
  });

  test("a process is read again and again, until it is gone; then its descriptor is closed", async () => {
    const others = [sleeping(), sleeping(), sleeping()];
    const pids = others.map(({ pid }) => pid);
    const readTwice = (): number[] => [readProcesses(pids), readProcesses(pids)].map(({ size }) => size);
    try {
      expect(readTwice()).toEqual([3, 3]);
      for (const { pid } of others) expect(filesOpenOn(pid)).toBe(1);
      others[1]?.kill("SIGKILL");
      await others[1]?.exited;
      expect(readTwice()).toEqual([2, 2]);
      others[0]?.kill("SIGKILL");
      await others[0]?.exited;
      for (let calls = 0; calls < 4; calls++) readProcesses([]); // nobody asks for the one that has gone any more
      expect(pids.map(filesOpenOn)).toEqual([0, 0, 1]);
    } finally {
      for (const each of others) each.kill("SIGKILL");
      await Promise.all(others.map(({ exited }) => exited));
    }
  });

  test("many are told as few are", async () => {
    const none = Array.from({ length: 250 }, (_, n) => 2 ** 22 + 1 + n);
    const usage = await readProcessesInTurns([...none, process.pid, ...none, process.ppid]);
    expect([...usage.keys()]).toEqual([process.pid, process.ppid]);
    expect(await readProcessesInTurns([])).toEqual(new Map());
  });

  test("pm's own usage is told in base units", () => {
    const usage = readOwnUsage();
    expect(usage.cpuSeconds).toBeGreaterThan(0);
    expect(usage.cpuSeconds).toBeLessThan(3_600);
    expect(usage.rssBytes).toBeGreaterThan(1_000_000);
    expect(usage.openFds).toBeGreaterThan(2);
    expect(usage.maxFds).toBeGreaterThanOrEqual(usage.openFds ?? 0);
    expect(Math.abs(usage.startedEpochSeconds + process.uptime() - Date.now() / 1000)).toBeLessThan(5);
  });
});

const sleeping = (): Bun.Subprocess => Bun.spawn(["sleep", "1000"], { stdio: ["ignore", "ignore", "ignore"] });

/** CPU seconds of this process, as it is told of itself. */
function spent(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** How many descriptors this process has on files about that one. */
function filesOpenOn(pid: number): number {
  const folder = "/proc/self/fd";
  return readdirSync(folder).filter((fd) => linkOf(`${folder}/${fd}`).startsWith(`/proc/${pid}/`)).length;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ""; // it was the one that listed the folder
  }
}

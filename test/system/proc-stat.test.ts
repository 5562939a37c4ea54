import { describe, expect, test } from "bun:test";
import { parseMaxFds, readOwnUsage } from "../../src/surface/own-usage.ts";
import { parseCpuSeconds, parsePageBytes, parseResidentPages, readProcesses } from "../../src/system/proc-stat.ts";

const tail = "S 1 77 77 0 -1 4194560 1200 0 3 0 250 75 9 9 20 0 1 0 5555 10485760 300 18446744073709551615\n";

test.each([
  ["a plain name", `77 (sleep) ${tail}`, 3.25],
  ["a name with spaces", `77 (tmux: server) ${tail}`, 3.25],
  ["a name with parentheses", `77 (a) R (b)) ${tail}`, 3.25],
  ["a name that looks like fields", `77 (x) S 1 2 3 4 5 6 7 8 9 10 99 99) ${tail}`, 3.25],
  ["nothing", "", null],
  ["something else", "cpu  1 2 3", null],
])("the CPU time is read behind %s", (_, stat, seconds) => {
  expect(parseCpuSeconds(stat)).toBe(seconds);
});

test.each([
  ["2625 300 210 5 0 130 0\n", 300],
  ["0 0 0 0 0 0 0\n", 0],
  ["", null],
  ["a b", null],
])("the resident pages of %j are %j", (statm, pages) => {
  expect(parseResidentPages(statm)).toBe(pages);
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
    const usage = readProcesses([process.pid, 2 ** 22 + 1]);
    expect([...usage.keys()]).toEqual([process.pid]);
    const own = usage.get(process.pid);
    expect(own?.cpuSeconds).toBeGreaterThan(0);
    expect(Math.abs((own?.rssBytes ?? 0) / process.memoryUsage.rss() - 1)).toBeLessThan(0.2);
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

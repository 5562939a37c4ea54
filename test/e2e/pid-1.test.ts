import { closeSync, openSync, readSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { farmFile, sh, steady } from "../support/farm-file.ts";
import { asPid1, noNamespaces, pidOfPm, stopPm } from "../support/pid-namespace.ts";
import { goneFromProcessTable, pmBinary, PmProcess } from "../support/pm-process.ts";
import { guardianOf, keepsSignal, memoryBytes, until } from "../support/proc.ts";

setDefaultTimeout(30_000);

const starter = asPid1;
const ends = (text: string) => (line: string) => line.endsWith(`] ${text}`);

if (noNamespaces !== null) console.warn(`skipping what pm does as PID 1: ${noNamespaces}`);
const check = test.skipIf(noNamespaces !== null);

/** The packed pm asks the kernel for no program loader: it has no such header in its first page. */
const isPacked = ((): boolean => {
  const page = Buffer.alloc(4096);
  const fd = openSync(pmBinary, "r");
  readSync(fd, page);
  closeSync(fd);
  const [start, count] = [Number(page.readBigUInt64LE(32)), page.readUInt16LE(56)];
  return Array.from({ length: count }, (_, at) => page.readUInt32LE(start + at * 56)).every((type) => type !== 3);
})();
if (!isPacked) console.warn("skipping what only the packed pm does: this one is plain");

describe("as PID 1, pm", () => {
  test.skipIf(noNamespaces !== null || !isPacked).each(["SIGTERM", "SIGINT", "SIGQUIT"] as const)(
    "obeys a %s that comes before it can listen",
    async (signal) => {
      await using pm = new PmProcess(farmFile({ a: steady }), { starter });
      const main = await pidOfPm(pm, starter);
      // Its very first step, and nobody can keep a signal that comes before a program's first step.
      await until(() => readlinkSync(`/proc/${main}/exe`) === pmBinary && keepsSignal(main, signal));
      process.kill(main, signal);
      expect(await pm.process.exited).toBe(0);
      await goneFromProcessTable(pm.mark);
    },
  );

  check("ends with 0 when it was told to, and kills at once when it is told twice", async () => {
    const deaf = { command: sh("trap '' TERM; echo up; while :; do sleep 1000; done"), stop_timeout: "1h" };
    await using pm = new PmProcess(farmFile({ a: deaf }), { starter });
    await pm.stdout.find(ends("up"));
    const main = await pidOfPm(pm, starter);
    process.kill(main, "SIGTERM");
    await pm.record("Process manager shutting down.");
    process.kill(main, "SIGINT");
    expect(await pm.process.exited).toBe(0);
  });

  check.each([
    ["0 when all of the farm has finished", farmFile({ a: { command: sh("exit 0"), restart: "never" } }), 0],
    ["1 when some of it has failed", farmFile({ a: { command: sh("exit 9"), restart: "never" } }), 1],
    ["78 when its file is wrong", "consumers: {}\nno_such_key: 1\n", 78],
  ])("ends with %s", async (_, yaml, exitCode) => {
    await using pm = new PmProcess(yaml, { starter });
    expect(await pm.process.exited).toBe(exitCode);
  });

  check("runs with stdin, stdout and stderr closed, and gives its workers what they are promised", async () => {
    const script = "(ls -l /proc/$$/fd) >fds; :";
    await using pm = new PmProcess(farmFile({ a: { command: sh(script), restart: "never" } }), {
      starter: [...starter, "sh", "-c", `exec "$0" "$@" <&- >&- 2>&-`],
    });
    expect(await pm.process.exited).toBe(0);
    const fds = [...(await Bun.file(join(pm.folder, "fds")).text()).matchAll(/(\d+) -> ([a-z/]+)/gu)];
    expect(fds.map(([, fd, what]) => `${fd} ${what}`)).toEqual(["0 /dev/null", "1 pipe", "2 pipe", "3 socket"]);
  });

  check("keeps from its workers what it was given of blocked and ignored signals", async () => {
    const script = "grep -E '^Sig(Blk|Ign)' /proc/self/status; echo up; exec sleep 1000";
    await using pm = new PmProcess(farmFile({ a: { command: sh(script) } }), { starter });
    await pm.stdout.find(ends("up"));
    expect(pm.stdout.all.map((line) => line.split("] ")[1])).toEqual([
      "SigBlk:\t0000000000000000",
      "SigIgn:\t0000000000000000",
      "up",
    ]);
    expect(await stopPm(pm, starter)).toBe(0);
  });
});

test.skipIf(!isPacked)("the guardian of the packed pm takes next to no memory", async () => {
  await using pm = new PmProcess(farmFile({ a: steady }));
  await pm.stdout.find(ends("up"));
  await until(() => guardianOf(pm.pid) !== null);
  expect(memoryBytes(guardianOf(pm.pid) ?? 0, "VmRSS")).toBeLessThan(256 * 1024);
  expect(await pm.stop()).toBe(0);
});

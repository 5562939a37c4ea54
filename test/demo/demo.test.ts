import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runDemo } from "../../src/cli/commands/demo.ts";

const built = existsSync(join(import.meta.dir, "..", "..", "dist", "pm"));
if (!built) console.warn("pm demo is not tested as a whole: dist/pm is missing (npm run build)");

const isEnriched = (line: string): boolean => {
  if (!line.startsWith("{")) return false;
  const record: { channel?: string; extra?: { consumer?: string; worker_id?: number } } = JSON.parse(line);
  return record.channel === "mails" && record.extra?.consumer === "mails" && (record.extra.worker_id ?? 0) > 0;
};

const isRowOfReports = (line: string): boolean => /^  reports +\d+ +\d+ +\d+ +\d+  exit_failure \d/u.test(line);

describe.skipIf(!built)("pm demo", () => {
  test("failures: shows messages, restarts and both kinds of lines, and leaves nothing behind", async () => {
    const { goneFromProcessTable, PmProcess } = await import("../support/pm-process.ts");
    await using pm = new PmProcess("", { args: ["demo", "failures"] });
    const { pid } = (await pm.record("Worker started.", { consumer: "images" })).context;
    const runId = /PM_RUN_ID=[^.\0]+/u.exec(readFileSync(`/proc/${String(pid)}/environ`, "latin1"))?.[0] ?? "";
    expect(runId).toContain("PM_RUN_ID=");
    expect(await pm.stderr.find((line) => line.includes("kill -9"))).toContain(`kill -9 ${String(pid)} `);

    await pm.stdout.find(isEnriched, "an enriched JSON line");
    await pm.stdout.find((line) => /^\[worker [123] images\] #\d+: /u.test(line), "a prefixed line");
    await pm.until('messages_processed_total{consumer="images",transport="thumbnails"}', (count) => count > 0);
    await pm.record("Worker restarting after unexpected exit.", { consumer: "reports", reason: "exit_failure" });

    pm.signal("SIGINT");
    expect(await pm.process.exited).toBe(0);
    await goneFromProcessTable(runId);
    await pm.stderr.find(isRowOfReports, "the last words about reports");
  }, 60_000);

  test("burst: a crash loses its message, a limit ends a worker in order, and SIGHUP ends the demo", async () => {
    const { PmProcess } = await import("../support/pm-process.ts");
    await using pm = new PmProcess("", { args: ["demo", "burst"] });
    await pm.record("Worker restarting after expected exit.", { consumer: "cleanup", reason: "exit_success" });
    await pm.record("Messages in flight lost.", { consumer: "reports", count: 1 });
    await pm.record("Worker restarting after unexpected exit.", { consumer: "reports", reason: "signal" });
    pm.signal("SIGHUP");
    expect(await pm.process.exited).toBe(0);
  }, 60_000);
});

test.each([
  ["a near word", "stedy", 'pm demo: there is no load "stedy"; did you mean steady?\n'],
  ["any other", "x", 'pm demo: there is no load "x"; choose one of steady, burst, ramp, failures\n'],
  [
    "a name of JavaScript",
    "toString",
    'pm demo: there is no load "toString"; choose one of steady, burst, ramp, failures\n',
  ],
])("an unknown load is a usage error: %s", async (_, scenario, stderr) => {
  expect(await runDemo({ scenario })).toEqual({ exitCode: 2, stdout: "", stderr });
});

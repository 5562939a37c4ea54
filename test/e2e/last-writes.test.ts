import { closeSync } from "node:fs";
import { expect, setDefaultTimeout, test } from "bun:test";
import { pipe } from "../../src/system/libc.ts";
import { farmFile, sh } from "../support/farm-file.ts";
import { PmProcess } from "../support/pm-process.ts";
import { StalledPipe } from "../support/sinks.ts";

setDefaultTimeout(30_000);

/** Each leaves a pipe full of lines behind: a megabyte in all. */
const floods = { command: sh("exec yes aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), processes: 16 };

/** A farm that has filled the pipe to a reader which takes 4 KiB now and then. */
async function withTrickle(body: (pm: PmProcess) => Promise<void>): Promise<void> {
  const { readFd, writeFd } = pipe("write");
  const reader = Bun.spawn(["sh", "-c", "while head -c 4096 >/dev/null; do sleep 0.2; done"], {
    stdio: [readFd, "ignore", "ignore"],
  });
  closeSync(readFd);
  try {
    await using pm = new PmProcess(farmFile({ a: floods }), { stdoutFd: writeFd });
    await pm.until('pm_log_bytes_total{consumer="a",stream="stdout"}', (bytes) => bytes > 100_000);
    await body(pm);
  } finally {
    reader.kill("SIGKILL");
    closeSync(writeFd);
  }
}

test("a reader that takes a little now and then does not hold up the end for long", async () => {
  await withTrickle(async (pm) => {
    const from = performance.now();
    expect(await pm.stop()).toBe(0);
    expect(performance.now() - from).toBeLessThan(8_000);
  });
});

test("the second signal leaves the rest to nobody", async () => {
  await withTrickle(async (pm) => {
    pm.signal("SIGTERM");
    await pm.record("Process manager stopped.");
    const from = performance.now();
    pm.signal("SIGTERM");
    await pm.process.exited;
    expect(performance.now() - from).toBeLessThan(2_000);
  });
});

test("records that were dropped while nobody read stderr are told once somebody does", async () => {
  const log = new StalledPipe();
  const retried = { failure_limit: 1000, backoff_base: "1ms", backoff_max: "1ms", backoff_jitter: 0 };
  // pm's pipes and queue hold some two megabytes of records: with a name so long, 600 failures make more.
  const missing = { ...retried, command: [`/${"missing/".repeat(450)}`], processes: 8 };
  const ticks = { ...retried, command: sh("echo x; exit 1"), processes: 2 };
  await using pm = new PmProcess(farmFile({ missing, ticks }, { http_server: false }), { stderrFd: log.writeFd });
  await pm.stdout.count((line) => line.includes("x"), 300);
  let text = "";
  for await (const chunk of log.read()) {
    text = text.slice(-1000) + Buffer.from(chunk).toString("latin1");
    if (/"Log records of pm were dropped[^\n]*"records":[1-9]/u.test(text)) break;
  }
  expect(await pm.stop()).toBe(0);
});

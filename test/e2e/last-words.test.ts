import { readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { farmFile, quickBackoff, sh, steady } from "../support/farm-file.ts";
import { PmProcess } from "../support/pm-process.ts";
import { until } from "../support/proc.ts";
import { StalledPipe } from "../support/sinks.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

setDefaultTimeout(10_000);

/** Fills the pipe to a reader that stands still, and goes on writing. */
const flood = { command: sh("exec yes aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa") };
const floodBytes = 'pm_log_bytes_total{consumer="flood",stream="stdout"}';
/** When pm has taken so much from workers, the pipe to its reader, which holds 64 KiB, is full. */
const moreThanAPipe = 100_000;

const restless = { ...quickBackoff, failure_limit: 10_000, backoff_base: "1ms", backoff_max: "1ms" } as const;

/** A frame of the Symfony bundle about a message. */
const frame = (event: string): string =>
  `@spm:{"type":"Acme\\\\Ipc\\\\MessengerEventMessage","payload":{"event":"${event}","command":"C","transport":"t"}}`;

/** Pipes the process has open now. */
function openPipes(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).filter((fd) => linkOf(`${folder}/${fd}`).startsWith("pipe:")).length;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ""; // closed meanwhile
  }
}

describe("when nobody reads pm's stdout", () => {
  test("the pipes of processes that are gone are closed, and what they left behind is bounded", async () => {
    const out = new StalledPipe();
    const script = "head -c 60000 /dev/zero | tr '\\0' x; echo; exit 1";
    await using pm = new PmProcess(farmFile({ flood, a: { ...restless, command: sh(script), processes: 4 } }), {
      stdoutFd: out.writeFd,
    });
    await pm.until(floodBytes, (bytes) => bytes > moreThanAPipe);
    const before = openPipes(pm.pid);
    await pm.records("Worker exited.", 150, { consumer: "a" });
    expect(openPipes(pm.pid)).toBeLessThan(before + 40);
    const labels = '{consumer="a",stream="stdout"}';
    const dropped = await pm.until(`pm_log_dropped_lines_total${labels}`, (lines) => lines > 0);
    expect(dropped).toBeLessThan(Number(await pm.metric(`pm_log_lines_total${labels}`)));
    expect(await pm.stop()).toBe(0);
    out.hangUp();
  });

  test("frames among the last lines of a process are taken", async () => {
    const out = new StalledPipe();
    const bin = temporaryFolder();
    await using pm = new PmProcess(
      farmFile({
        flood,
        b: { transports: ["t"], env: { PATH: `${bin.path}:/usr/bin:/bin` }, restart: "never" },
      }),
      { stdoutFd: out.writeFd },
    );
    writeFileSync(
      join(bin.path, "php"),
      `#!/bin/sh\nwhile ! test -e go; do sleep 0.05; done; cat frames; echo last; exec cat frames`,
      { mode: 0o755 },
    );
    writeFileSync(join(pm.folder, "frames"), `${frame("received")}\n${frame("handled")}\n`.repeat(10));
    await pm.until(floodBytes, (bytes) => bytes > moreThanAPipe);
    writeFileSync(join(pm.folder, "go"), "");
    await pm.record("Worker finished.", { consumer: "b" });
    await pm.until('messenger_messages_processed_total{transport="t",message_class="C"}', (handled) => handled === 20);
    expect(await pm.stop()).toBe(0);
    out.hangUp();
    bin[Symbol.dispose]();
  });

  test.each(["sleep 1000", "yes"])("a pipe that a daemon (%s) keeps open is closed in time", async (daemon) => {
    const out = new StalledPipe();
    const leaver = {
      command: sh(`while ! test -e go; do sleep 0.05; done; setsid ${daemon} & sleep 0.2; exit 3`),
      restart: "never",
    };
    await using pm = new PmProcess(farmFile({ flood, leaver }), { stdoutFd: out.writeFd });
    await pm.until(floodBytes, (bytes) => bytes > moreThanAPipe);
    await pm.record("Worker started.", { consumer: "leaver" });
    const before = openPipes(pm.pid);
    writeFileSync(`${pm.folder}/go`, "");
    await pm.record("Worker exited.", { consumer: "leaver" });
    await until(() => openPipes(pm.pid) === before - 2);
    expect(await pm.stop()).toBe(0);
    out.hangUp();
  });
});

test("a daemon that goes on writing frames holds nobody up", async () => {
  const script = `for i in 1 2 3 4; do setsid yes '{"type":"progress"}' >&3 2>/dev/null & done; sleep 0.2; exit 0`;
  await using pm = new PmProcess(farmFile({ a: { ...restless, command: sh(script), min_uptime: 0 }, steady }));
  await pm.records("Worker started.", 4, { consumer: "a" });
  expect(await pm.stop()).toBe(0);
});

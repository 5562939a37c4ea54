import { writeFileSync } from "node:fs";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { farmFile, fixture, quickBackoff, sh, steady } from "../support/farm-file.ts";
import { Lines, PmProcess } from "../support/pm-process.ts";
import { memoryBytes } from "../support/proc.ts";
import { bytesOf, StalledPipe } from "../support/sinks.ts";

setDefaultTimeout(30_000);

const MB = 1_000_000;
/** When pm has taken so much from workers, the pipe to its reader, which holds 64 KiB, is full. */
const moreThanAPipe = 100_000;

/** A consumer whose one worker is killed from outside and started again at once. */
const victim = {
  command: sh("exec sleep 1000"),
  ...quickBackoff,
  failure_limit: 1000,
  backoff_base: "1ms",
  backoff_max: "1ms",
};

/** Kills the worker of `victim` so many times, each time waiting for the next one. */
async function killAgainAndAgain(pm: PmProcess, times: number): Promise<void> {
  await pm.record("Worker started.", { consumer: "victim" });
  const before = pm.stderr.all.filter(
    (line) => line.includes('"Worker started."') && line.includes('"consumer":"victim"'),
  ).length;
  for (let kills = 0; kills < times; kills++) {
    const starts = await pm.records("Worker started.", before + kills, { consumer: "victim" });
    process.kill(Number(starts.at(-1)?.context["pid"]), "SIGKILL");
  }
  await pm.records("Worker started.", before + times, { consumer: "victim" });
}

/** The whole numbers that `numbered.ts` wrote, by the lines of them that came through. */
function numbersIn(output: Buffer): number[] {
  const lines = output.toString("latin1").split("\n");
  expect(lines.pop()).toBe("");
  return lines
    .filter((line) => line.startsWith("[worker 1 a] "))
    .map((line) => {
      const number = Number(/^\[worker 1 a\] (\d+)\.+$/u.exec(line)?.[1]);
      if (line.length !== "[worker 1 a] ".length + 99) throw new Error(`not a whole line: ${line}`);
      return number;
    });
}

test("a flood of 1 GB comes through whole in bounded memory, and other consumers are restarted meanwhile", async () => {
  const out = new StalledPipe();
  await using pm = new PmProcess(
    farmFile({
      a: { command: fixture("flood.ts", "1000"), restart: "never" },
      victim: { ...victim, logs: { format: "raw" } },
    }),
    { stdoutFd: out.writeFd },
  );
  await pm.record("Worker started.", { consumer: "victim" });
  const line = `[worker 1 a] ${"x".repeat(999)}\n`;
  const pattern = Buffer.from(line.repeat(1100));
  let received = 0;
  let kills: Promise<void> | null = null;
  let atLastKill = Number.POSITIVE_INFINITY;
  let wrong = 0;
  for await (const chunk of out.read()) {
    // Compared in slices, each with the piece of the endless pattern that must stand there.
    for (let at = 0; at < chunk.length; at += MB) {
      const slice = Buffer.from(chunk.buffer, chunk.byteOffset + at, Math.min(MB, chunk.length - at));
      const offset = (received + at) % line.length;
      if (pattern.compare(slice, 0, slice.length, offset, offset + slice.length) !== 0) wrong += 1;
    }
    received += chunk.length;
    if (received > 10 * MB) kills ??= killAgainAndAgain(pm, 5).then(() => void (atLastKill = received));
    if (received === MB * line.length) break;
  }
  expect([wrong, received]).toEqual([0, MB * line.length]);
  expect(atLastKill).toBeLessThan(received);
  expect(memoryBytes(pm.pid, "VmHWM")).toBeLessThan(150 * 1024 * 1024);
  const labels = '{consumer="a",stream="stdout"}';
  expect(await pm.metric(`pm_log_lines_total${labels}`)).toBe(MB);
  expect(await pm.metric(`pm_log_bytes_total${labels}`)).toBe(1000 * MB);
  expect(await pm.metric(`pm_log_dropped_lines_total${labels}`)).toBe(0);
});

describe("when nobody reads pm's stdout", () => {
  const count = 300_000;
  const labels = '{consumer="a",stream="stdout"}';

  test("drop loses whole lines, counts them, and holds no worker up", async () => {
    const out = new StalledPipe();
    await using pm = new PmProcess(
      farmFile(
        { a: { command: fixture("numbered.ts", String(count)), restart: "never" }, b: steady },
        { logs: { on_slow_sink: "drop" } },
      ),
      { stdoutFd: out.writeFd },
    );
    await pm.record("Worker finished.");
    await pm.until(`pm_log_lines_total${labels}`, (lines) => lines === count);
    const dropped = Number(await pm.metric(`pm_log_dropped_lines_total${labels}`));
    const rest = bytesOf(out.read());
    expect(await pm.stop()).toBe(0);
    const numbers = numbersIn(await rest);
    expect(dropped).toBeGreaterThan(0);
    expect(numbers.length + dropped).toBe(count);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  test("drop: lines that come after the reader is back are written again", async () => {
    const out = new StalledPipe();
    const script = `"$0" "$1" 100000; cat go; echo back; exec sleep 1000`;
    const [bun = "", file = ""] = fixture("numbered.ts");
    await using pm = new PmProcess(
      farmFile({ a: { command: ["sh", "-c", `mkfifo go; ${script}`, bun, file] } }, { logs: { on_slow_sink: "drop" } }),
      { stdoutFd: out.writeFd },
    );
    await pm.until(`pm_log_lines_total${labels}`, (lines) => lines === 100_000);
    const kept = 100_000 - Number(await pm.metric(`pm_log_dropped_lines_total${labels}`));
    expect(kept).toBeLessThan(100_000);
    const lines = new Lines(out.read());
    await lines.count(() => true, kept); // as long as the reader is behind, lines may still be dropped
    writeFileSync(`${pm.folder}/go`, "");
    await lines.find((line) => line === "[worker 1 a] back");
  });

  test("block makes the worker stand still; pm grows no further, restarts others, answers, and loses nothing", async () => {
    const out = new StalledPipe();
    await using pm = new PmProcess(
      farmFile({ a: { command: fixture("numbered.ts", String(count)), restart: "never" }, victim }),
      {
        stdoutFd: out.writeFd,
      },
    );
    await pm.until(`pm_log_bytes_total${labels}`, (bytes) => bytes > moreThanAPipe);
    // Its own memory: what is mapped of its file comes and goes.
    const before = memoryBytes(pm.pid, "RssAnon");
    await killAgainAndAgain(pm, 20);
    expect(memoryBytes(pm.pid, "RssAnon") - before).toBeLessThan(20 * MB);
    expect((await pm.get("/livez")).status).toBe(200);
    expect((await pm.get("/readyz")).status).toBe(200);
    expect(await pm.metric(`pm_log_bytes_total${labels}`)).toBeLessThan(2 * MB);
    expect(pm.stderr.all.filter((line) => line.includes('"consumer":"a"') && line.includes("exited"))).toEqual([]);

    const rest = bytesOf(out.read());
    await pm.record("Worker finished.", { consumer: "a" });
    await pm.until(`pm_log_lines_total${labels}`, (lines) => lines === count);
    expect(await pm.stop()).toBe(0);
    const numbers = numbersIn(await rest);
    expect(numbers).toHaveLength(count);
    expect(numbers.every((number, index) => number === index)).toBe(true);
  });

  test("block does not hold up the end: a signal stops the workers and pm, whatever the deadlines", async () => {
    const out = new StalledPipe();
    await using pm = new PmProcess(
      farmFile(
        { a: { command: fixture("numbered.ts", String(count)) }, b: { ...steady, processes: 3 } },
        { shutdown_timeout: 0 },
      ),
      { stdoutFd: out.writeFd },
    );
    await pm.until(`pm_log_bytes_total${labels}`, (bytes) => bytes > moreThanAPipe);
    expect(await pm.stop()).toBe(0);
    out.hangUp();
    await pm.record("Process manager stopped.");
  });

  test("block: a worker that ends while it waits is reaped and restarted at once, its output kept", async () => {
    const out = new StalledPipe();
    await using pm = new PmProcess(farmFile({ a: { ...victim, command: fixture("numbered.ts", "20000") } }), {
      stdoutFd: out.writeFd,
    });
    await pm.until(`pm_log_bytes_total${labels}`, (bytes) => bytes > moreThanAPipe);
    process.kill(Number((await pm.record("Worker started.")).context["pid"]), "SIGKILL");
    await pm.records("Worker started.", 2);
    const rest = bytesOf(out.read());
    await pm.records("Worker exited.", 3);
    pm.signal("SIGTERM");
    await pm.process.exited;
    const lines = (await rest).toString("latin1").split("\n");
    const cut = lines.findIndex((line) => line.length !== "[worker 1 a] ".length + 99);
    // Of the first process all that it could write is there, in order, and then come the lines of the second from 0 on.
    const first = lines.slice(
      0,
      cut === -1 ? 0 : lines.findIndex((line, index) => index > 0 && line.startsWith("[worker 1 a] 0.")),
    );
    expect(first.length).toBeGreaterThan(moreThanAPipe / 100);
    const whole = first.filter((line) => line.length === 112);
    expect(whole.every((line, index) => line.startsWith(`[worker 1 a] ${index}.`))).toBe(true);
    expect(first.length - whole.length).toBeLessThanOrEqual(1);
  });
});

describe("when the reader of pm's stdout has gone away", () => {
  test("pm lives on, and counts the lines that nobody will read", async () => {
    const out = new StalledPipe();
    await using pm = new PmProcess(
      farmFile({ a: { command: fixture("numbered.ts", "50000"), restart: "never" }, victim }),
      {
        stdoutFd: out.writeFd,
      },
    );
    const labels = '{consumer="a",stream="stdout"}';
    await pm.until(`pm_log_bytes_total${labels}`, (bytes) => bytes > 0);
    out.hangUp();
    await pm.record("Worker finished.", { consumer: "a" });
    await pm.until(`pm_log_lines_total${labels}`, (lines) => lines === 50_000);
    expect(await pm.metric(`pm_log_dropped_lines_total${labels}`)).toBeGreaterThan(0);
    await killAgainAndAgain(pm, 3);
    expect(await pm.stop()).toBe(0);
  });

  test("and that of stderr too", async () => {
    const [out, log] = [new StalledPipe(), new StalledPipe()];
    const script = `echo x; echo y >&2; test -e go && { echo z > came; exec sleep 1000; }; exit 1`;
    await using pm = new PmProcess(farmFile({ a: { ...victim, command: sh(script) } }, { http_server: false }), {
      stdoutFd: out.writeFd,
      stderrFd: log.writeFd,
    });
    out.hangUp();
    log.hangUp();
    await Bun.write(`${pm.folder}/go`, "");
    while (!(await Bun.file(`${pm.folder}/came`).exists())) await new Promise(setImmediate);
    expect(await pm.stop()).toBe(0);
  });
});

test("when nobody reads pm's stderr, workers are restarted, stdout flows, and a signal ends pm", async () => {
  const log = new StalledPipe();
  const worker = `echo "line $$"; exit 1`;
  await using pm = new PmProcess(
    farmFile({ a: { ...victim, command: sh(worker), processes: 4 } }, { http_server: false }),
    { stderrFd: log.writeFd },
  );
  // A restart makes some 600 bytes of records: 1500 of them are far more than the pipe and what pm keeps.
  await pm.stdout.count((line) => line.includes("line"), 1500);
  expect(await pm.stop()).toBe(0);
  log.hangUp();
});

import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { socketPair } from "../../src/system/libc.ts";
import { knownLines } from "../fixtures/known-lines.ts";
import { farmFile, fixture, sh, steady } from "../support/farm-file.ts";
import { PmProcess } from "../support/pm-process.ts";
import { bytesOf, StalledPipe } from "../support/sinks.ts";

setDefaultTimeout(30_000);

const isOwn = (line: string): boolean => line.includes('"channel":"pm"');

/** The worker whose mark the line bears. */
const workerOf = (line: string): number =>
  Number(/^\[worker (\d+) a\] |"worker_id":(\d+),"consumer":"a"\}\}$/u.exec(line)?.slice(1).join(""));

describe("lines of 16 workers that write at once, in chunks that end anywhere", () => {
  const count = 600;
  const workers = Array.from({ length: 16 }, (_, index) => index + 1);
  const farm = farmFile({
    a: { command: fixture("chunky-writer.ts", String(count)), processes: 16, restart: "never" },
  });

  /** What pm makes of the lines a worker writes to stdout (0) or stderr (1). */
  function expected(worker: number, stream: number): string[] {
    return knownLines(worker, count)
      .filter((_, at) => at % 2 === stream)
      .map(({ text, isJson }) =>
        isJson
          ? `${text.slice(0, -1)},"extra":{"worker_id":${worker},"consumer":"a"}}`
          : `[worker ${worker} a] ${text}`,
      );
  }

  function expectAll(lines: readonly string[], streams: readonly number[]): void {
    const byWorker = Map.groupBy(lines, workerOf);
    expect([...byWorker.keys()].toSorted((a, b) => a - b)).toEqual(workers);
    for (const [worker, got] of byWorker) {
      for (const stream of streams) {
        const wanted = expected(worker, stream);
        const known = new Set(wanted);
        expect(Bun.deepEquals(streams.length === 1 ? got : got.filter((line) => known.has(line)), wanted)).toBe(true);
      }
    }
    expect(lines).toHaveLength((workers.length * count * streams.length) / 2);
  }

  test("arrive once, whole, in order and each with its own mark: stdout on stdout, stderr on stderr", async () => {
    await using pm = new PmProcess(farm);
    expect(await pm.process.exited).toBe(0);
    await pm.record("Process manager stopped.");
    expectAll(pm.stdout.all, [0]);
    expectAll(
      pm.stderr.all.filter((line) => !isOwn(line)),
      [1],
    );
  });

  test("are not mixed either where stdout and stderr are the same pipe", async () => {
    const both = new StalledPipe();
    await using pm = new PmProcess(farm, { stdoutFd: both.writeFd, stderrFd: both.writeFd });
    const lines = (await bytesOf(both.read())).toString().split("\n");
    expect(lines.pop()).toBe("");
    expect(await pm.process.exited).toBe(0);
    expectAll(
      lines.filter((line) => !isOwn(line)),
      [0, 1],
    );
  });

  test("are added to a file opened with >>", async () => {
    const file = join(tmpdir(), `pm-appended-${crypto.randomUUID()}`);
    writeFileSync(file, "what stood there\n");
    const fd = openSync(file, "a");
    await using pm = new PmProcess(farm, { stdoutFd: fd, stderrFd: fd });
    expect(await pm.process.exited).toBe(0);
    closeSync(fd);
    const lines = readFileSync(file, "utf8").split("\n");
    await Bun.file(file).delete();
    expect(lines.shift()).toBe("what stood there");
    expect(lines.pop()).toBe("");
    expectAll(
      lines.filter((line) => !isOwn(line)),
      [0, 1],
    );
  });

  test("go to a socket as well", async () => {
    const { ours, theirs } = socketPair();
    await using pm = new PmProcess(farm, { stdoutFd: theirs });
    closeSync(theirs);
    const lines = (await bytesOf(Bun.file(ours).stream())).toString().split("\n");
    expect(await pm.process.exited).toBe(0);
    expect(lines.pop()).toBe("");
    expectAll(lines, [0]);
  });
});

describe("what a line becomes", () => {
  const text =
    'plain\r\n\n{"n":9007199254740993, "s":"\\u00e9/"}\n{"extra":{"channel":"app"}}\n[1]\n{}\n{bad json}\nnul \0 esc \u001b[31m\n';
  const noUtf8 = Buffer.from([0x62, 0xff, 0xfe, 0xc3, 0x0a]);
  const bytes = Buffer.concat([Buffer.from(text), noUtf8, Buffer.from("🐘\n")]);

  async function written(logs: Record<string, unknown>, input: Uint8Array = bytes): Promise<Buffer> {
    const out = new StalledPipe();
    await using pm = new PmProcess(farmFile({ a: { command: ["cat", "input"], restart: "never", logs } }), {
      stdoutFd: out.writeFd,
    });
    writeFileSync(join(pm.folder, "input"), input);
    return await bytesOf(out.read()); // pm lives to the end of this block
  }

  test("auto: JSON gains its mark and keeps every other byte, all else is prefixed, whatever its bytes", async () => {
    const mark = '"worker_id":1,"consumer":"a"';
    expect((await written({})).toString("latin1").split("\n")).toEqual([
      "[worker 1 a] plain",
      "[worker 1 a] ",
      `{"n":9007199254740993, "s":"\\u00e9/","extra":{${mark}}}`,
      `{"extra":{"channel":"app",${mark}}}`,
      "[worker 1 a] [1]",
      "[worker 1 a] {}",
      "[worker 1 a] {bad json}",
      "[worker 1 a] nul \0 esc \u001b[31m",
      "[worker 1 a] b\u00ff\u00fe\u00c3",
      "[worker 1 a] \u00f0\u009f\u0090\u0098",
      "",
    ]);
  });

  test("raw: nothing is touched", async () => {
    expect(await written({ format: "raw" })).toEqual(bytes);
  });

  test("json: each line is a JSON object, with U+FFFD for what is no UTF-8", async () => {
    const extra = { worker_id: 1, consumer: "a" };
    const wrap = (message: string) => ({
      message,
      datetime: expect.stringMatching(/^\d{4}-.*Z$|^\d{4}-.*\+00:00$/u),
      stream: "stdout",
      extra,
    });
    const lines = (await written({ format: "json" })).toString().split("\n");
    expect(lines.pop()).toBe("");
    expect(lines[2]).toStartWith('{"n":9007199254740993, "s":"\\u00e9/",');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      wrap("plain"),
      wrap(""),
      expect.objectContaining({ s: "é/", extra }),
      { extra: { channel: "app", ...extra } },
      wrap("[1]"),
      wrap("{}"),
      wrap("{bad json}"),
      wrap("nul \0 esc \u001b[31m"),
      wrap("b\ufffd\ufffd\ufffd"),
      wrap("🐘"),
    ]);
  });

  test("fields are added beside the worker and its consumer", async () => {
    const fields = { region: "eu", who: "{consumer}/{slot}", pid: "{pid}", stream: "{stream}" };
    const [line = ""] = (await written({ fields, format: "json" }, Buffer.from("hi\n"))).toString().split("\n");
    expect(JSON.parse(line).extra).toEqual({
      worker_id: 1,
      consumer: "a",
      region: "eu",
      who: "a/0",
      pid: expect.any(Number),
      stream: "stdout",
    });
  });

  test("half a JSON line of a worker that dies arrives at once, as text", async () => {
    const half = sh(`printf '{"message":"hal'; kill -9 $$`);
    await using pm = new PmProcess(farmFile({ a: { command: half, restart: "never" }, b: steady }));
    await pm.stdout.find((line) => line === '[worker 1 a] {"message":"hal');
    expect(await pm.stop()).toBe(0);
  });

  test("a line of 10 MB is cut with a marker and counted, and the next one is whole", async () => {
    const script = `head -c 10000000 /dev/zero | tr '\\0' x; echo; echo after; exec sleep 1000`;
    await using pm = new PmProcess(farmFile({ a: { command: sh(script), logs: { max_line: "64KiB" } } }));
    await pm.stdout.find((line) => line === "[worker 1 a] after");
    expect(pm.stdout.all).toEqual([
      `[worker 1 a] ${"x".repeat(65_536)} [truncated ${10_000_000 - 65_536} bytes]`,
      "[worker 1 a] after",
    ]);
    const labels = '{consumer="a",stream="stdout"}';
    expect(await pm.metric(`pm_log_truncated_lines_total${labels}`)).toBe(1);
    expect(await pm.metric(`pm_log_lines_total${labels}`)).toBe(2);
    expect(await pm.metric(`pm_log_bytes_total${labels}`)).toBe(10_000_000 + 1 + 6);
  });

  test("a line without its end is written when partial_flush says so, and what comes of it later is a line of its own", async () => {
    const script = `printf 'password: '; cat go; echo done; exec sleep 1000`;
    await using pm = new PmProcess(
      farmFile({ a: { command: sh(`mkfifo go; ${script}`), logs: { partial_flush: "10ms" } } }),
    );
    await pm.stdout.find((line) => line === "[worker 1 a] password: ");
    writeFileSync(join(pm.folder, "go"), "secret\n");
    await pm.stdout.find((line) => line === "[worker 1 a] done");
    expect(pm.stdout.all).toEqual(["[worker 1 a] password: ", "[worker 1 a] secret", "[worker 1 a] done"]);
  });
});

test("a file that cannot be written any more (/dev/full) stops nothing", async () => {
  const full = openSync("/dev/full", "w");
  await using pm = new PmProcess(farmFile({ a: { command: sh("echo one; echo two; exec sleep 1000") }, b: steady }), {
    stdoutFd: full,
  });
  closeSync(full);
  await pm.until('pm_log_lines_total{consumer="a",stream="stdout"}', (lines) => lines === 2);
  expect((await pm.get("/readyz")).status).toBe(200);
  expect(await pm.stop()).toBe(0);
});

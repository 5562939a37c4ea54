import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { farmFile, fixture, quickBackoff, sh } from "../support/farm-file.ts";
import { PmProcess } from "../support/pm-process.ts";

setDefaultTimeout(30_000);

const fixtures = join(import.meta.dir, "..", "fixtures");
const message = (event: string, rest = ""): string =>
  `{"type":"message","event":"${event}","transport":"q","class":"M"${rest}}`;
/** A line of shell that sends a frame. */
const send = (frame: string): string => `printf '%s\\n' '${frame}' >&3`;

describe("a hostile frame is counted and harms nobody", () => {
  test.each([
    ["no JSON", send("not json"), { malformed: 1 }],
    ["no object", `${send("[1]")}; ${send("null")}; ${send("5")}; ${send('"ready"')}`, { malformed: 4 }],
    ["without a type", `${send("{}")}; ${send('{"type":5}')}`, { malformed: 2 }],
    [
      "a message that lacks what it needs",
      `${send('{"type":"message"}')}; ${send('{"type":"message","event":"eaten","transport":"q","class":"M"}')}`,
      { malformed: 2 },
    ],
    [
      "slots that cannot be",
      `${send('{"type":"slots","busy":3,"total":2}')}; ${send('{"type":"slots","busy":-1,"total":1e99}')}`,
      { malformed: 2 },
    ],
    ["of a later version", send('{"type":"hologram","x":[{}]}'), { unknown_type: 1 }],
    ["one byte too long", `(head -c 65537 /dev/zero | tr '\\0' x; echo) >&3`, { oversized: 1 }],
    ["10 MB without an end", `(head -c 10000000 /dev/zero | tr '\\0' '{'; echo) >&3`, { oversized: 1 }],
    ["deeply nested", `(head -c 60000 /dev/zero | tr '\\0' '['; echo) >&3`, { malformed: 1 }],
    ["empty lines", `${send("")}; ${send("")}`, {}],
    [
      "bytes that are no text",
      `(printf '\\377\\376\\000\\001\\n{"type":"\\200ready"}\\n') >&3`,
      { malformed: 1, unknown_type: 1 },
    ],
    [
      "in many small pieces",
      `for c in 'n' 'o' 'n' 'sense'; do printf "$c" >&3; done; printf '\\n' >&3`,
      { malformed: 1 },
    ],
  ])("%s", async (_, script, counted: Partial<Record<string, number>>) => {
    await using pm = new PmProcess(
      farmFile({ a: { command: sh(`${script}; ${send(message("handled"))}; exec sleep 1000`) } }),
    );
    await pm.until('messenger_messages_processed_total{transport="q",message_class="M"}', (count) => count === 1);
    const kinds = ["malformed", "oversized", "unknown_type", "send_failed"];
    const counts = await Promise.all(
      kinds.map(async (kind) => pm.metric(`pm_ipc_errors_total{consumer="a",kind="${kind}"}`)),
    );
    expect(counts).toEqual(kinds.map((kind) => counted[kind] ?? 0));
    expect(await pm.metric('worker_starts_total{consumer="a"}')).toBe(1);
    expect((await pm.get("/readyz")).status).toBe(200);
    expect(await pm.stop()).toBe(0);
  });

  test("one of exactly 64 KiB is understood", async () => {
    const head = '{"type":"message","event":"handled","transport":"q","class":"M","pad":"';
    const script = `(printf '%s' '${head}'; head -c ${65_536 - head.length - 2} /dev/zero | tr '\\0' x; echo '"}') >&3; exec sleep 1000`;
    await using pm = new PmProcess(farmFile({ a: { command: sh(script) } }));
    await pm.until('messenger_messages_processed_total{transport="q",message_class="M"}', (count) => count === 1);
  });

  test("random bytes, and half a frame at the end of a life", async () => {
    const script = `head -c 300000 /dev/urandom >&3; echo >&3; ${send(message("handled"))}; printf '{"type":"message","event":"ha' >&3; exit 1`;
    await using pm = new PmProcess(farmFile({ a: { command: sh(script), failure_limit: 1, ...quickBackoff } }));
    await pm.records("Worker exited.", 2);
    await pm.until('messenger_messages_processed_total{transport="q",message_class="M"}', (count) => count === 2);
    await pm.until('pm_ipc_errors_total{consumer="a",kind="malformed"}', (count) => count > 0);
    expect((await pm.get("/livez")).status).toBe(200);
  });

  test("a flood of them holds up neither the restart of another worker, nor a probe, nor a count", async () => {
    await using pm = new PmProcess(
      farmFile({
        a: { command: fixture("frame-flood.ts") },
        victim: { command: sh("exec sleep 1000"), ...quickBackoff },
      }),
    );
    const processed = 'messenger_messages_processed_total{transport="q",message_class="M"}';
    await pm.until(processed, (count) => count > 0);
    process.kill(Number((await pm.record("Worker started.", { consumer: "victim" })).context["pid"]), "SIGKILL");
    await pm.records("Worker started.", 2, { consumer: "victim" });
    expect((await pm.get("/livez")).status).toBe(200);
    await Bun.write(join(pm.folder, "enough"), "");
    const sent = Number(/\d+$/u.exec(await pm.stdout.find((line) => line.includes("sent")))?.[0]);
    // It went on until all of the above was done: had each step waited for the flood to ebb, it would be millions.
    expect(sent).toBeWithin(200_000, 1_000_000);
    await pm.until(processed, (count) => count === sent);
    expect(await pm.metric('messenger_message_duration_seconds_count{transport="q",message_class="M"}')).toBe(sent);
  });
});

describe("messages", () => {
  test("in flight at a crash are lost, counted, and no longer in flight", async () => {
    const script = [message("received", ',"id":1'), message("received", ',"id":2'), message("handled", ',"id":1')]
      .map(send)
      .join("; ");
    await using pm = new PmProcess(
      farmFile({
        a: { command: sh(`${script}; echo sent; read go <gate; kill -9 $$`), restart: "never" },
        b: { command: sh("exec sleep 1000") },
      }),
    );
    Bun.spawnSync(["mkfifo", join(pm.folder, "gate")]);
    await pm.until('messenger_messages_in_flight{transport="q"}', (count) => count === 1);
    expect(await pm.metric('worker_busy{worker="1",consumer="a",transport="q"}')).toBe(1);
    writeFileSync(join(pm.folder, "gate"), "go\n");
    expect((await pm.record("Messages in flight lost.")).context).toEqual({
      worker: 1,
      consumer: "a",
      transport: "q",
      count: 1,
    });
    expect(await pm.metric('messenger_messages_lost_total{consumer="a",transport="q"}')).toBe(1);
    expect(await pm.metric('messenger_messages_in_flight{transport="q"}')).toBeOneOf([0, null]);
    expect(await pm.metric('worker_busy{worker="1",consumer="a",transport="q"}')).toBeNull();
  });

  test("told of with a worker's last breath are counted", async () => {
    const script = `${Array(50)
      .fill(`${send(message("received"))}; ${send(message("handled"))}`)
      .join("; ")}; kill -9 $$`;
    await using pm = new PmProcess(
      farmFile({ a: { command: sh(script), restart: "never" }, b: { command: sh("exec sleep 1000") } }),
    );
    await pm.record("Worker finished.");
    await pm.until('messenger_messages_processed_total{transport="q",message_class="M"}', (count) => count === 50);
    expect(pm.stderr.all.filter((line) => line.includes("lost"))).toEqual([]);
  });
});

describe("ready", () => {
  const cases = [
    ["protocol", "protocol", send('{"type":"ready"}')],
    ["log", { log: "^listening on \\d+$" }, "echo listening on 8080"],
  ] as const;
  test.each(cases)("%s: the farm is not ready until the worker says so", async (_, ready, script) => {
    await using pm = new PmProcess(
      farmFile({ a: { command: sh(`mkfifo go; echo up; read x <go; ${script}; exec sleep 1000`), ready } }),
    );
    await pm.stdout.find((line) => line.endsWith("up"));
    const before = await pm.get("/readyz");
    expect([before.status, await before.json()]).toEqual([
      503,
      {
        status: "not_ready",
        reasons: [{ consumer: "a", reason: "starting", detail: "0 of 1 worker ready; worker 1 is starting" }],
      },
    ]);
    writeFileSync(join(pm.folder, "go"), "go\n");
    while ((await pm.get("/readyz")).status !== 200);
    expect(await pm.stop()).toBe(0);
  });

  test("after: a while", async () => {
    await using pm = new PmProcess(farmFile({ a: { command: sh("exec sleep 1000"), ready: { after: "300ms" } } }));
    await pm.record("Worker started.");
    expect((await pm.get("/readyz")).status).toBe(503);
    while ((await pm.get("/readyz")).status !== 200);
  });
});

test("a worker that speaks is asked for a sign of life, and told to drain before its stop signal", async () => {
  await using pm = new PmProcess(
    farmFile({
      a: {
        command: ["sh", join(fixtures, "answers-pings.sh")],
        liveness: { ping_timeout: "200ms" },
        stop_signal: "CONT",
        stop_timeout: "1h",
      },
    }),
  );
  await pm.until('worker_last_pong_timestamp{worker="1"}', (at) => at > 1_600_000_000);
  expect(await pm.stop()).toBe(0);
  await pm.stdout.find((line) => line === "[worker 1 a] drained");
});

/** A farm whose `php` is the stand-in for it. */
function farmWithPhp(consumer: Record<string, unknown>): PmProcess {
  const pm = new PmProcess(farmFile({ a: { env: { PATH: "./bin:/usr/bin:/bin" }, ...consumer } }));
  mkdirSync(join(pm.folder, "bin"));
  copyFileSync(join(fixtures, "php-of-the-bundle.sh"), join(pm.folder, "bin", "php"));
  chmodSync(join(pm.folder, "bin", "php"), 0o755);
  return pm;
}

const ofClass = (transport: string): string => `{transport="${transport}",message_class="App\\\\Msg"}`;

describe("the preset symfony-messenger", () => {
  const consumeArgs = {
    memory_limit: 128,
    time_limit: "1h",
    limit: 500,
    sleep: 2,
    queues: ["q1", "q2"],
    extra: ["-vv", "two words"],
  };

  test("builds the command line, understands the frames, and pings on stdin", async () => {
    await using pm = farmWithPhp({
      transports: ["high", "low"],
      consume_args: consumeArgs,
      liveness: { ping_timeout: "400ms" },
      min_uptime: 0,
      ...quickBackoff,
      backoff_max: "20ms",
    });
    await pm.stdout.find((line) => line.includes("stdin"));
    await pm.until('worker_last_pong_timestamp{worker="1"}', (at) => at > 1_600_000_000);
    const options = "--memory-limit=128M --time-limit=3600 --limit=500 --sleep=2 --queues=q1 --queues=q2 -vv";
    const argv = ["bin/console", "messenger:consume", "high", "low", ...options.split(" "), "two words"];
    expect(pm.stdout.all.slice(0, 14)).toEqual([
      ...argv.map((argument) => `[worker 1 a] argument <${argument}>`),
      "[worker 1 a] not @spm:{ at the beginning",
      '[worker 1 a] stdin <@spm:{"type":"Acme\\\\Ipc\\\\PingMessage","payload":{}}>',
    ]);
    expect(await pm.metric(`messenger_messages_processed_total${ofClass("high")}`)).toBe(1);
    expect(await pm.metric(`messenger_message_duration_seconds_count${ofClass("high")}`)).toBe(1);
    expect(await pm.metric(`messenger_messages_failed_total${ofClass("low")}`)).toBe(1);
    await pm.until(`messenger_messages_retried_total${ofClass("low")}`, (count) => count === 1); // came on stderr
    expect(await pm.metric('messenger_messages_in_flight{transport="low"}')).toBe(0);
    expect(await pm.metric('pm_ipc_errors_total{consumer="a",kind="malformed"}')).toBe(1);
    expect(await pm.metric('pm_ipc_errors_total{consumer="a",kind="unknown_type"}')).toBe(1);
    expect([...pm.stdout.all, ...pm.stderr.all].filter((line) => line.includes("] @spm:"))).toEqual([]);
    expect(await pm.stop()).toBe(0);
  });

  test("without it the same lines are lines like any other", async () => {
    await using pm = farmWithPhp({ command: ["php"] });
    await pm.stdout.find((line) => line === "[worker 1 a] @spm:{broken");
    expect(await pm.metric('pm_ipc_errors_total{consumer="a",kind="malformed"}')).toBe(0);
  });
});

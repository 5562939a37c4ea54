import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { farmFile, quickBackoff, sh, steady } from "../support/farm-file.ts";
import { goneFromProcessTable, PmProcess, processesWith } from "../support/pm-process.ts";

setDefaultTimeout(30_000);

/** Waits for a fact that nothing tells; the test's own time limit ends it. */
async function until(fact: () => boolean): Promise<void> {
  while (!fact()) await new Promise(setImmediate);
}

/** A hook that adds its event to a file in pm's folder, as one line. */
const note = { command: sh("printf '%s\\n' \"$(cat)\" >> told") };

/** The events told so far. */
function told(pm: PmProcess): Record<string, unknown>[] {
  const file = join(pm.folder, "told");
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines.filter((line) => line.endsWith("}")).map((line) => JSON.parse(line));
}

/** A chat: takes what is posted, and answers 200. */
function chat(status = 200) {
  const posted: Record<string, unknown>[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      posted.push(JSON.parse(await request.text()));
      return new Response("no such channel", { status });
    },
  });
  return {
    posted,
    url: `http://127.0.0.1:${server.port}/hooks/secret`,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

const crash = { command: sh("echo working; echo 'out of paper' >&2; exit 7"), failure_limit: 1, ...quickBackoff };

describe("hooks of a running farm", () => {
  test("tell a command and a chat of a failure, with the worker's last words", async () => {
    await using server = chat();
    const hooks = { worker_failed: [note, { webhook: server.url }] };
    await using pm = new PmProcess(farmFile({ a: { ...crash, restart: "never" }, b: steady }, { hooks }));
    await until(() => told(pm).length > 0 && server.posted.length > 0);
    const event = {
      version: 1,
      event: "worker_failed",
      farm: join(pm.folder, "pm.yaml"),
      consumer: "a",
      worker: 1,
      slot: 0,
      exit: { code: 7, signal: null, text: "exit code 7" },
      text: expect.stringMatching(/^worker 1 of a failed after [\d.]+ s: exit code 7$/u),
      stderr: ["out of paper"],
    };
    expect([told(pm), server.posted]).toMatchObject([[event], [event]]);
    expect(await pm.stop()).toBe(0);
  });

  test("tell the story of a farm, each its part of it", async () => {
    const a = { ...crash, on_failure_limit: "park", hooks: { limit_reached: note, consumer_parked: note } };
    const hooks = { farm_started: note, farm_stopping: note };
    await using pm = new PmProcess(farmFile({ a, b: { ...steady, hooks: { worker_failed: note } } }, { hooks }));
    await until(() => told(pm).length === 3);
    expect(await pm.stop()).toBe(0);
    const story = told(pm).map(({ event }) => String(event));
    expect(story.toSorted()).toEqual(["consumer_parked", "farm_started", "farm_stopping", "limit_reached"]);
    expect(story.at(-1)).toBe("farm_stopping");
  });

  test("tell of a worker that does not stop, and of its end", async () => {
    const stubborn = { command: sh("trap '' TERM; echo up; while :; do sleep 0.1; done"), stop_timeout: "100ms" };
    const hooks = { drain_stuck: note, worker_killed: note };
    await using pm = new PmProcess(farmFile({ a: stubborn }, { hooks }));
    await pm.stdout.find((line) => line.endsWith("up"));
    expect(await pm.stop()).toBe(0);
    expect(
      told(pm)
        .map(({ text }) => String(text))
        .toSorted(),
    ).toEqual([
      "worker 1 of a had not stopped within 0.1 s",
      "worker 1 of a had not stopped within 0.1 s and was killed",
    ]);
  });

  test("that fail are told in the log, without their secrets, and change nothing else", async () => {
    await using server = chat(404);
    const hooks = { farm_started: [{ webhook: server.url }, { command: ["nosuch-notifier"] }] };
    await using pm = new PmProcess(farmFile({ a: steady }, { hooks }));
    const failures = await pm.records("Hook failed.", 2);
    expect(failures.map(({ context }) => `${String(context["hook"])}: ${String(context["error"])}`).toSorted()).toEqual(
      [
        `farm_started: ${new URL(server.url).origin}/***: HTTP 404: no such channel`,
        "farm_started: nosuch-notifier: the program nosuch-notifier was not found; install it or give its full path",
      ],
    );
    expect(await pm.stop()).toBe(0);
  });

  test("that hang hold up nothing: no restart, and the end of the farm by two seconds at most", async () => {
    const hang = { command: sh("trap '' TERM; : > hung; sleep 600 & sleep 600"), limit: { runs: 1000 } };
    const a = { ...crash, failure_limit: 1000, backoff_max: "20ms" };
    await using pm = new PmProcess(farmFile({ a }, { hooks: { worker_failed: hang } }));
    await pm.records("Worker exited.", 20);
    await until(() => existsSync(join(pm.folder, "hung")));
    expect(await pm.stop()).toBe(0);
    expect((await pm.record("Hook failed.")).context["error"]).toStartWith("pm ended before it");
    expect(processesWith(pm.mark)).toEqual([]);
  });

  test("that run when pm is killed end with it", async () => {
    const hang = { command: sh(": > hung; sleep 600 & setsid sleep 600") };
    await using pm = new PmProcess(farmFile({ a: steady }, { hooks: { farm_started: hang } }));
    await until(() => existsSync(join(pm.folder, "hung")));
    pm.signal("SIGKILL");
    await pm.process.exited;
    await goneFromProcessTable(pm.mark);
  });
});

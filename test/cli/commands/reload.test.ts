import { describe, expect, test } from "bun:test";
import { runExplain } from "../../../src/cli/commands/explain.ts";
import { runReload } from "../../../src/cli/commands/reload.ts";
import { runShutdown } from "../../../src/cli/commands/shutdown.ts";
import type { Ask } from "../../../src/cli/control/operate.ts";
import { reloadLines } from "../../../src/cli/control/reload-text.ts";
import { requester } from "../../../src/cli/control/requester.ts";
import type { ReloadAnswer } from "../../../src/protocol/control-api.ts";
import type { ControlAnswer } from "../../../src/surface/control/client.ts";
import { consumerStatus, FakeControl, FakeStreams, farmStatus, workerStatus } from "../../support/fake-control.ts";

const where = { socket: null, file: null };
const by = requester();

function pm(answers: Readonly<Record<string, ControlAnswer | Promise<ControlAnswer>>>): {
  control: FakeControl;
  ask: Ask;
  streams: FakeStreams;
} {
  const control = new FakeControl();
  control.answers = answers;
  const streams = new FakeStreams();
  return { control, streams, ask: { where, connect: control.connect, streams } };
}

const told = (changes: Partial<ReloadAnswer>): ReloadAnswer => ({
  result: "done",
  message: "1 consumer added",
  problems: [],
  changes: [],
  farm_keys: [],
  needs_new_start: [],
  ...changes,
});
const added = { consumer: "new", kind: "added", keys: [], size_before: null, size_after: "2" } as const;

test("a plan reads like a diff", () => {
  const lines = reloadLines(
    told({
      changes: [
        added,
        { consumer: "async", kind: "resized", keys: ["processes"], size_before: "2", size_after: "4" },
        { consumer: "slow", kind: "adjusted", keys: ["stop_timeout"], size_before: "1", size_after: "1" },
        { consumer: "both", kind: "adjusted", keys: ["logs"], size_before: "1", size_after: "1..8" },
        { consumer: "mails", kind: "restart", keys: ["command", "env.LEVEL"], size_before: "2", size_after: "2" },
        { consumer: "old", kind: "removed", keys: [], size_before: "3", size_after: null },
      ],
      farm_keys: ["total_cap"],
      needs_new_start: ["http_server", "control"],
    }),
  );
  expect(lines).toEqual([
    "+ new: size 2",
    "~ async: size 2 → 4, nobody restarts",
    ". slow: stop_timeout changed, in place",
    ". both: logs changed, in place; size 1 → 1..8",
    "! mails: command, env.LEVEL changed, rolling restart",
    "- old: size 3",
    ". total_cap changed, in place",
    "! http_server, control changed: holds when pm itself is started again",
  ]);
});

describe("pm reload", () => {
  test.each([
    [200, told({ changes: [added] }), 0, "+ new: size 2\n1 consumer added\n", ""],
    [200, told({ problems: ["a: warning"] }), 0, "1 consumer added\n", "a: warning\n"],
    [200, told({ result: "planned", message: "nothing was changed" }), 0, "nothing would change\n", ""],
    [200, told({ result: "planned", message: "nothing was changed", changes: [added] }), 0, "+ new: size 2\n", ""],
    [
      422,
      told({ result: "rejected", message: "pm.yaml is invalid; nothing was changed", problems: ["pm.yaml:1:1: a: b"] }),
      78,
      "",
      "pm.yaml:1:1: a: b\npm reload: pm.yaml is invalid; nothing was changed\n",
    ],
    [
      422,
      told({ result: "failed", message: "worker 4 failed", changes: [added] }),
      1,
      "",
      "+ new: size 2\npm reload: worker 4 failed\n",
    ],
    [409, told({ result: "conflict", message: "pm is stopping" }), 1, "", "pm reload: pm is stopping\n"],
    [500, { error: { code: "bug", message: "internal error" } }, 1, "", "pm reload: internal error\n"],
  ])("an answer of %d %j", async (status, body, exitCode, stdout, stderr) => {
    const { ask, control } = pm({ "/v1/reload": { status, body } });
    expect(await runReload({ plan: false, json: false, reason: null }, ask)).toEqual({ exitCode, stdout, stderr });
    expect(control.asked).toEqual([{ path: "/v1/reload", body: { by, plan: false } }]);
  });

  test("--plan --json asks for a plan and prints the document, with the exit code all the same", async () => {
    const body = told({ result: "rejected", problems: ["x"] });
    const { ask, control } = pm({ "/v1/reload": { status: 422, body } });
    const outcome = await runReload({ plan: true, json: true, reason: "try" }, ask);
    expect(outcome).toEqual({ exitCode: 78, stdout: `${JSON.stringify(body)}\n`, stderr: "" });
    expect(control.asked).toEqual([{ path: "/v1/reload", body: { by, plan: true, reason: "try" } }]);
  });

  test("Ctrl-C ends the waiting", async () => {
    const { ask, streams } = pm({ "/v1/reload": new Promise(() => {}) });
    const outcome = runReload({ plan: false, json: false, reason: null }, ask);
    streams.controller.abort();
    expect((await outcome).exitCode).toBe(130);
  });
});

describe("pm explain", () => {
  const body = { consumer: "async", lines: ["async: 2 workers.", "  seen: 1 of 2 busy"], decisions: [] };
  test.each([
    [false, "async: 2 workers.\n  seen: 1 of 2 busy\n"],
    [true, `${JSON.stringify(body)}\n`],
  ])("with --json %p", async (json, stdout) => {
    const { ask } = pm({ "/v1/consumers/async/explain": { status: 200, body } });
    expect(await runExplain({ consumer: "async", json }, ask)).toEqual({ exitCode: 0, stdout, stderr: "" });
  });

  test("an unknown consumer is a failure", async () => {
    const outcome = await runExplain({ consumer: "b", json: false }, pm({}).ask);
    expect(outcome).toEqual({ exitCode: 1, stdout: "", stderr: "pm explain: there is no such thing\n" });
  });
});

describe("pm shutdown", () => {
  /** The number of a process that has gone already. */
  const pid = Bun.spawnSync(["true"]).pid;
  const workers = [workerStatus({ busy: 1 }), workerStatus({ slot: 1, pid: null })];
  const status = { status: 200, body: farmStatus({ pid, consumers: [consumerStatus({ workers })] }) };
  const accepted = { status: 202, body: { result: "accepted", message: "pm is stopping" } };

  test("tells what still runs and what happens, and comes back when pm has gone", async () => {
    const { ask, streams, control } = pm({ "/v1/status": status, "/v1/shutdown": accepted });
    const at = new Date(2026, 10, 22, 12, 34, 56).toISOString();
    control.streams = {
      "/v1/events": [{ id: 1, at, who: "pm", consumer: "async", worker: 1, message: "killed", why: null }],
    };
    const outcome = await runShutdown({ wait: true, reason: "deploy" }, ask);
    expect(outcome).toEqual({ exitCode: 0, stdout: `pm (pid ${pid}) has stopped\n`, stderr: "" });
    expect(streams.stderr.split("\n").toSorted()).toEqual([
      "",
      "12:34:56 pm: async worker 1: killed",
      `pm (pid ${pid}) is stopping; waiting for async:0 (busy)`,
    ]);
    expect(control.asked.at(-1)).toEqual({ path: "/v1/shutdown", body: { by, reason: "deploy" } });
  });

  test("does not come back before the process has gone", async () => {
    await using alive = Bun.spawn(["cat"], { stdin: "pipe" });
    const body = farmStatus({ pid: alive.pid, consumers: [] });
    const { ask, streams, control } = pm({ "/v1/status": { status: 200, body }, "/v1/shutdown": accepted });
    control.streams = { "/v1/events": [] };
    const order: string[] = [];
    const outcome = runShutdown({ wait: true, reason: null }, ask).then(() => order.push("came back"));
    while (streams.stderr === "") await new Promise(setImmediate);
    await new Promise(setImmediate);
    order.push("the end");
    alive.kill();
    await outcome;
    expect(order).toEqual(["the end", "came back"]);
  });

  test("--no-wait comes back at once", async () => {
    const { ask, control } = pm({ "/v1/status": status, "/v1/shutdown": accepted });
    const outcome = await runShutdown({ wait: false, reason: null }, ask);
    expect(outcome).toEqual({ exitCode: 0, stdout: "pm is stopping\n", stderr: "" });
    expect(control.asked.map(({ path }) => path)).toEqual(["/v1/status", "/v1/shutdown"]);
  });

  test("Ctrl-C ends the waiting, not the stopping", async () => {
    const { ask, streams, control } = pm({ "/v1/status": status, "/v1/shutdown": accepted });
    control.streams = { "/v1/events": [] };
    control.endless = true;
    const outcome = runShutdown({ wait: true, reason: null }, ask);
    streams.controller.abort();
    expect(await outcome).toEqual({
      exitCode: 130,
      stdout: "",
      stderr: `pm shutdown: no longer waiting; pm (pid ${pid}) goes on stopping\n`,
    });
  });

  test("a refusal is a failure", async () => {
    const { ask, control } = pm({ "/v1/status": status });
    control.streams = { "/v1/events": [] };
    expect((await runShutdown({ wait: true, reason: null }, ask)).exitCode).toBe(1);
  });
});

import { describe, expect, test } from "bun:test";
import { type OperationArgs, runOperation } from "../../../src/cli/commands/operation.ts";
import { runScale, type ScaleArgs } from "../../../src/cli/commands/scale.ts";
import { runSignal } from "../../../src/cli/commands/signal.ts";
import type { Ask } from "../../../src/cli/control/operate.ts";
import { requester } from "../../../src/cli/control/requester.ts";
import type { ControlAnswer } from "../../../src/surface/control/client.ts";
import { FakeControl, FakeStreams } from "../../support/fake-control.ts";

const where = { socket: null, file: null };
const by = requester();

/** A pm that gives this answer to whatever is asked at this path. */
function pm(path: string, answer: ControlAnswer): { control: FakeControl; ask: Ask; streams: FakeStreams } {
  const control = new FakeControl();
  const streams = new FakeStreams();
  control.answers = { [path]: answer };
  return { control, streams, ask: { where, connect: control.connect, streams } };
}

const operation = (changes: Partial<OperationArgs>): OperationArgs => ({
  verb: "restart",
  target: "async",
  wait: true,
  reason: null,
  ...changes,
});
const done = { status: 200, body: { result: "done", message: "async: 3 workers restarted in 1.2 s" } };

describe("what is asked of pm", () => {
  test.each([
    [{ verb: "start" }, "async/start", { wait: true }],
    [{ verb: "stop", target: "async:2" }, "async/stop", { wait: true, slot: 2 }],
    [{ verb: "pause", wait: false, reason: "deploy" }, "async/pause", { wait: false, reason: "deploy" }],
    [{ target: "a/b c%" }, "a%2Fb%20c%25/restart", { wait: true }],
    [{ rolling: true }, "async/restart", { wait: true, rolling: true }],
    [{ rolling: true, maxUnavailable: "3" }, "async/restart", { wait: true, rolling: true, max_unavailable: 3 }],
  ] as const)("%j", async (changes, path, body) => {
    const { control, ask } = pm(`/v1/consumers/${path}`, done);
    expect(await runOperation(operation(changes), ask)).toEqual({
      exitCode: 0,
      stdout: "async: 3 workers restarted in 1.2 s\n",
      stderr: "",
    });
    expect(control.asked).toEqual([{ path: `/v1/consumers/${path}`, body: { by, ...body } }]);
  });

  test.each([
    [{ size: "5" }, { size: 5 }],
    [
      { size: "0", reason: "night" },
      { size: 0, reason: "night" },
    ],
    [{ auto: true }, { auto: true }],
  ] as const)("scale %j", async (changes, body) => {
    const { control, ask } = pm("/v1/consumers/async/scale", done);
    const args: ScaleArgs = { consumer: "async", size: null, auto: false, wait: true, reason: null, ...changes };
    expect((await runScale(args, ask)).exitCode).toBe(0);
    expect(control.asked).toEqual([{ path: "/v1/consumers/async/scale", body: { by, wait: true, ...body } }]);
  });

  test("signal", async () => {
    const { control, ask } = pm("/v1/consumers/async/signal", done);
    await runSignal({ target: "async:1", signal: "usr1", group: true, reason: null }, ask);
    expect(control.asked).toEqual([
      { path: "/v1/consumers/async/signal", body: { by, signal: "usr1", group: true, slot: 1 } },
    ]);
  });
});

const answer = (status: number, message: string): ControlAnswer => ({ status, body: { result: "x", message } });
const error = (status: number, message: string): ControlAnswer => ({
  status,
  body: { error: { code: "x", message } },
});

describe("what comes of it", () => {
  test.each([
    [answer(200, "async: done"), 0, "async: done\n", ""],
    [answer(202, "async: 3 workers are restarting"), 0, "async: 3 workers are restarting\n", ""],
    [answer(422, "async: worker 4 failed"), 1, "", "pm restart: async: worker 4 failed\n"],
    [answer(409, "async: pm is stopping"), 1, "", "pm restart: async: pm is stopping\n"],
    [
      error(404, 'no consumer "asinc"; did you mean async?'),
      1,
      "",
      'pm restart: no consumer "asinc"; did you mean async?\n',
    ],
    [error(400, "no such signal"), 2, "", "pm restart: no such signal\n"],
    [error(0, "pm went away before it answered"), 1, "", "pm restart: pm went away before it answered\n"],
    [{ status: 502, body: "?" }, 1, "", "pm restart: pm answered 502 in a way this version does not understand\n"],
  ])("%j", async (given, exitCode, stdout, stderr) => {
    const { ask } = pm("/v1/consumers/async/restart", given);
    expect(await runOperation(operation({}), ask)).toEqual({ exitCode, stdout, stderr });
  });

  test("no pm: its own exit code, and nothing else", async () => {
    const outcome = { exitCode: 69, stdout: "", stderr: "pm: no pm runs\n" };
    const ask: Ask = { where, connect: () => Promise.resolve({ ok: false, outcome }) };
    expect(await runOperation(operation({}), ask)).toEqual(outcome);
  });

  test("Ctrl-C ends the waiting and says that the operation goes on", async () => {
    const { control, ask, streams } = pm("/v1/consumers/async/restart", done);
    control.answers = { "/v1/consumers/async/restart": new Promise(() => {}) };
    const outcome = runOperation(operation({}), ask);
    streams.controller.abort();
    expect(await outcome).toEqual({
      exitCode: 130,
      stdout: "",
      stderr: "pm restart: no longer waiting; what was begun goes on, pm status async shows it\n",
    });
  });
});

describe("what makes no sense is refused without asking pm", () => {
  const nobody: Ask = { where, connect: () => Promise.reject(new Error("was asked")) };

  test.each([
    [
      { target: "async:" },
      '"async:" names no slot behind the colon; write async:0 for the first worker, or async for all',
    ],
    [
      { target: "async:1", rolling: true },
      "--rolling goes through all workers of a consumer; leave out :1, or --rolling",
    ],
    [{ maxUnavailable: "2" }, "--max-unavailable belongs to --rolling; write both"],
    [{ rolling: true, maxUnavailable: "0" }, "--max-unavailable 0: write a whole number, 1 or more"],
    [{ rolling: true, maxUnavailable: "x" }, "--max-unavailable x: write a whole number, 1 or more"],
  ])("%j", async (changes, problem) => {
    const outcome = await runOperation(operation(changes), nobody);
    expect(outcome).toEqual({ exitCode: 2, stdout: "", stderr: `pm restart: ${problem}\n` });
  });

  test.each([
    [{}, "how many? Write pm scale async N, or pm scale async --auto"],
    [{ size: "3", auto: true }, "3 and --auto exclude each other; write one of them"],
    [{ size: "many" }, '"many" is no size; write a whole number, 0 or more'],
    [{ size: "1.5" }, '"1.5" is no size; write a whole number, 0 or more'],
    [{ consumer: "async:0", size: "1" }, "a single worker has no size; write async without :0"],
  ])("scale %j", async (changes, problem) => {
    const args: ScaleArgs = { consumer: "async", size: null, auto: false, wait: true, reason: null, ...changes };
    expect(await runScale(args, nobody)).toEqual({ exitCode: 2, stdout: "", stderr: `pm scale: ${problem}\n` });
  });
});

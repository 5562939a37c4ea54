import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type MapArgs, runMap } from "../../../src/cli/commands/map.ts";
import { type TaskArgs, runTask } from "../../../src/cli/commands/task.ts";
import type { Ask } from "../../../src/cli/control/operate.ts";
import type { TaskAnswer } from "../../../src/core/tasks/task.ts";
import { reach } from "../../../src/surface/control/client.ts";
import { FakeStreams } from "../../support/fake-control.ts";
import { fine } from "../../support/fake-desk.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { serve, until } from "../../surface/control/control-server.ts";

const wrong = (code: "failed" | "shutting_down" | "unavailable"): TaskAnswer => ({
  ok: false,
  error: { code, message: "no good", details: null },
});

/** A running pm whose pool gives back each payload, but for "fail". */
async function pm() {
  const served = await serve();
  const { inlet } = served.ports.tasks;
  inlet.answer = ({ payload }) => (payload === '"fail"' ? wrong("failed") : fine(payload));
  const streams = new FakeStreams();
  const ask: Ask = {
    where: { socket: null, file: null },
    connect: async () => {
      const reached = await reach(served.socket);
      if (!reached.ok) throw new Error(reached.message);
      return reached;
    },
    streams,
  };
  return { ...served, inlet, streams, ask };
}

const map = (changes: Partial<MapArgs>): MapArgs => ({
  consumer: "async",
  input: null,
  output: null,
  resume: false,
  results: false,
  failFast: false,
  progress: false,
  timeout: null,
  retries: null,
  priority: null,
  ...changes,
});

const manyLines = 20_000;
const result = (n: number): string => `{"id":${n},"result":${n}}\n`;
const results = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, at) => result(from + at)).join("");
const failedLine = (n: number): string => `{"id":${n},"error":{"code":"failed","message":"no good"}}\n`;

interface Files extends Disposable {
  readonly input: string;
  readonly output: string;
  readonly written: () => string;
}

function files(input: string, output: string | null = null): Files {
  const folder = temporaryFolder();
  const [inFile, outFile] = [join(folder.path, "in"), join(folder.path, "out")];
  writeFileSync(inFile, input);
  if (output !== null) writeFileSync(outFile, output);
  return {
    input: inFile,
    output: outFile,
    written: () => readFileSync(outFile, "utf8"),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

describe("pm map", () => {
  test("answers each line in its place", async () => {
    const { ask } = await pm();
    const body = Array.from({ length: manyLines }, (_, n) => `${n + 1}\n`).join("");
    using own = files(body, "what was there before, and is longer than nothing");
    expect(await runMap(map(own), ask)).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    expect(own.written()).toBe(results(1, manyLines));
  });

  test.each([
    ["", ""],
    ["1", result(1)],
    ["1\n2", result(1) + result(2)],
  ])("takes %j to its end", async (body, written) => {
    const { ask } = await pm();
    using own = files(body, "longer than what will be written".repeat(9));
    expect((await runMap(map(own), ask)).exitCode).toBe(0);
    expect(own.written()).toBe(written);
  });

  test("says how many failed, with exit code 1", async () => {
    const { ask } = await pm();
    using own = files('1\n"fail"\n3\n"fail"\n');
    expect(await runMap(map(own), ask)).toEqual({ exitCode: 1, stdout: "", stderr: "pm map: 2 of 4 failed\n" });
    expect(own.written()).toBe(result(1) + failedLine(2) + result(3) + failedLine(4));
  });

  test("--results leaves null where one failed, and tells on stderr", async () => {
    const { ask, streams } = await pm();
    using own = files('9007199254740993\n"fail"\n{"a": 1}\n');
    const { exitCode, stderr } = await runMap(map({ ...own, results: true }), ask);
    expect([exitCode, stderr, streams.stderr]).toEqual([
      1,
      "pm map: 1 of 3 failed\n",
      "pm map: line 2: failed: no good\n",
    ]);
    expect(own.written()).toBe('9007199254740993\nnull\n{"a": 1}\n');
  });

  test("--fail-fast ends in front of the first that fails", async () => {
    const { ask } = await pm();
    using own = files('1\n"fail"\n3\n');
    expect(await runMap(map({ ...own, failFast: true }), ask)).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: "pm map: line 2: failed: no good; ended after 1 line; the same command with --resume goes on\n",
    });
    expect(own.written()).toBe(result(1));
  });

  test("--timeout, --retries and --priority hold for all tasks", async () => {
    const { ask, inlet } = await pm();
    using own = files("1\n2\n");
    await runMap(map({ ...own, timeout: "1m", retries: "2", priority: "-5" }), ask);
    expect(inlet.submitted.map(({ timeoutMs, retries, priority }) => [timeoutMs, retries, priority])).toEqual([
      [60_000, 2, -5],
      [60_000, 2, -5],
    ]);
  });

  test.each([
    ["nothing", null, 1, 0],
    ["whole lines", result(1) + result(2), 3, 0],
    ["an unfinished line", `${result(1)}{"id":2,"res`, 2, 0],
    ["all of it", results(1, 5), 6, 0],
    ["failures", result(1) + failedLine(2), 3, 1],
  ])("--resume goes on behind %s", async (_, there, first, failed) => {
    const { ask, inlet } = await pm();
    using own = files("1\n2\n3\n4\n5\n", there);
    const { exitCode, stderr } = await runMap(map({ ...own, resume: true }), ask);
    expect([exitCode, stderr]).toEqual(failed === 0 ? [0, ""] : [1, `pm map: ${failed} of 5 failed\n`]);
    expect(inlet.submitted.map(({ payload }) => Number(payload))).toEqual([1, 2, 3, 4, 5].slice(first - 1));
    expect(
      own
        .written()
        .split("\n")
        .slice(first - 1)
        .join("\n"),
    ).toBe(results(first, 5).trimEnd() === "" ? "" : results(first, 5));
  });

  test.each([
    ["of another program", "hello\n", "is no output of pm map"],
    ["of a longer input", results(1, 3), "has 3 lines, the input only 2; it is not the output of this input"],
  ])("--resume refuses the output %s, and leaves it as it is", async (_, there, problem) => {
    const { ask, inlet } = await pm();
    using own = files("1\n2\n", there);
    const { exitCode, stderr } = await runMap(map({ ...own, resume: true }), ask);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining(problem)]);
    expect(own.written()).toBe(there);
    expect(inlet.submitted).toEqual([]);
  });

  test.each([
    [{ timeout: "soon" }, 2, "--timeout soon"],
    [{ retries: "many" }, 2, "--retries many"],
    [{ resume: true }, 2, "add -o FILE"],
    [{ input: "/nowhere/in" }, 1, "/nowhere/in cannot be read (ENOENT)"],
    [{ input: "/dev/null", output: "/nowhere/out" }, 1, "/nowhere/out cannot be written (ENOENT)"],
    [{ input: "/", output: null }, 1, "cannot be read (EISDIR)"],
    [{ input: "/dev/null", consumer: "nobody" }, 1, "there is no consumer nobody"],
  ])("%j ends with %i", async (changes, code, problem) => {
    const { ask } = await pm();
    const { exitCode, stdout, stderr } = await runMap(map(changes), ask);
    expect([exitCode, stdout, stderr.trimEnd().split("\n")]).toEqual([code, "", [expect.stringContaining(problem)]]);
  });

  test("a refusal of pm leaves the output as it was", async () => {
    const { ask } = await pm();
    using own = files("1\n", "precious");
    expect((await runMap(map({ ...own, consumer: "nobody" }), ask)).exitCode).toBe(1);
    expect(own.written()).toBe("precious");
  });

  test.each([
    ["shutting_down", 69, "pm is shutting down; ended after 2 lines; the same command with --resume goes on"],
    ["unavailable", 1, "line 3: unavailable: no good; ended after 2 lines; the same command with --resume goes on"],
  ] as const)("a pool that is %s ends it behind whole lines", async (code, exitCode, text) => {
    const { ask, inlet } = await pm();
    inlet.answer = ({ payload }) => (Number(payload) > 2 ? wrong(code) : fine(payload));
    using own = files("1\n2\n3\n4\n");
    expect(await runMap(map(own), ask)).toEqual({ exitCode, stdout: "", stderr: `pm map: ${text}\n` });
    expect(own.written()).toBe(results(1, 2));
  });

  test("a pm that goes away ends it with 69 behind whole lines, and --resume makes it whole", async () => {
    const first = await pm();
    first.inlet.answer = null;
    using own = files("1\n2\n3\n4\n");
    const run = runMap(map(own), first.ask);
    await until(() => first.inlet.held.length === 4);
    first.inlet.finish();
    first.inlet.finish();
    await until(() => own.written() === results(1, 2));
    await first.server.stop();
    const { exitCode, stderr } = await run;
    expect([exitCode, stderr]).toEqual([
      69,
      "pm map: pm went away after 2 lines; the same command with --resume goes on\n",
    ]);
    const second = await pm();
    expect((await runMap(map({ ...own, resume: true }), second.ask)).exitCode).toBe(0);
    expect(own.written()).toBe(results(1, 4));
  });

  test("Ctrl-C ends it behind whole lines and calls off what is under way", async () => {
    const { ask, inlet, streams } = await pm();
    inlet.answer = null;
    using own = files("1\n2\n3\n");
    const run = runMap(map(own), ask);
    await until(() => inlet.held.length === 3);
    inlet.finish();
    await until(() => own.written() === result(1));
    streams.controller.abort();
    expect(await run).toEqual({
      exitCode: 130,
      stdout: "",
      stderr: "pm map: interrupted after 1 line; the same command with --resume goes on\n",
    });
    await until(() => inlet.cancelled === 2);
  });

  test("an output that cannot be written ends it", async () => {
    const { ask } = await pm();
    const { exitCode, stderr } = await runMap(map({ input: "/proc/self/mountinfo", output: "/dev/full" }), ask);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining("cannot be written (ENOSPC); ended after 0 lines")]);
  });

  test("--progress tells how it ended", async () => {
    const { ask, streams } = await pm();
    using own = files("1\n2\n");
    await runMap(map({ ...own, progress: true }), ask);
    expect(streams.stderr).toContain("async: 2 done");
    expect(streams.stderr).toEndWith("\n");
  });
});

const task = (changes: Partial<TaskArgs>): TaskArgs => ({
  consumer: "async",
  payload: null,
  key: null,
  json: false,
  timeout: null,
  retries: null,
  priority: null,
  ...changes,
});

describe("pm task", () => {
  test.each([
    [{ payload: '{"a": 9007199254740993}' }, '{"a": 9007199254740993}\n'],
    [{ payload: '"x\\u00e9\\ny"' }, "xé\ny\n"],
    [{ payload: '"x"', json: true }, '"x"\n'],
    [{ payload: "-", readStdin: (): string => "[1,\n2]\n" }, "[1, 2]\n"],
    [{ readStdin: (): string => "null" }, "null\n"],
  ])("%j prints %j", async (changes, stdout) => {
    const { ask } = await pm();
    expect(await runTask(task(changes), ask)).toEqual({ exitCode: 0, stdout, stderr: "" });
  });

  test("hands over what its flags say", async () => {
    const { ask, inlet } = await pm();
    await runTask(task({ payload: "1", timeout: "500ms", retries: "3", priority: "7", key: 'k"' }), ask);
    expect(inlet.submitted).toEqual([{ payload: "1", timeoutMs: 500, retries: 3, priority: 7, key: 'k"', chain: [] }]);
  });

  test.each([
    [{ payload: '"fail"' }, 1, "pm task: no good\n"],
    [{ payload: "1", consumer: "nobody" }, 1, "pm task: there is no consumer nobody\n"],
    [
      { payload: "{\n'a':1}" },
      2,
      'pm task: JSON, line 2, column 1: this is no JSON; write a payload such as {"id":1} or "text"\n',
    ],
    [
      { readStdin: (): string => "" },
      2,
      'pm task: stdin, line 1, column 1: this is no JSON; write a payload such as {"id":1} or "text"\n',
    ],
    [{ payload: "1", priority: "high" }, 2, "pm task: --priority high: write a whole number, such as 10\n"],
  ])("%j ends with %i", async (changes, exitCode, stderr) => {
    const { ask } = await pm();
    expect(await runTask(task(changes), ask)).toEqual({ exitCode, stdout: "", stderr });
  });

  test("Ctrl-C ends the waiting", async () => {
    const { ask, inlet, streams } = await pm();
    inlet.answer = null;
    const run = runTask(task({ payload: "1" }), ask);
    await until(() => inlet.held.length === 1);
    streams.controller.abort();
    expect(await run).toEqual({ exitCode: 130, stdout: "", stderr: "pm task: interrupted; the task is called off\n" });
  });

  test("a pm that goes away is no answer", async () => {
    const { ask, inlet, server } = await pm();
    inlet.answer = null;
    const run = runTask(task({ payload: "1" }), ask);
    await until(() => inlet.held.length === 1);
    await server.stop();
    expect((await run).exitCode).toBe(69);
  });
});

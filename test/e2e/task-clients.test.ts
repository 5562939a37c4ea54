import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { missing } from "../support/needs.ts";
import { TaskFarm, taskPool, taskWorkers } from "../support/task-farm.ts";

setDefaultTimeout(60_000);

const numbered = (count: number): { n: number }[] => Array.from({ length: count }, (_, at) => ({ n: at + 1 }));

const program = { node: "node", python: "python3", php: "php", sh: "sh" } as const;
const message = { node: "no such file", python: "no such file", php: "no such file", sh: "no" } as const;

describe.each(["node", "python", "php", "sh"] as const)("workers in %s", (language) => {
  test.skipIf(missing(program[language]) !== null)("do single tasks and whole files of them", async () => {
    await using pm = new TaskFarm({ a: taskPool({ command: taskWorkers[language], processes: 4 }) });

    expect(await pm.run("task a", '{"n":1,"name":"Žofie \\u0000 \\"x\\""}')).toEqual({
      exitCode: 0,
      stdout: language === "sh" ? expect.any(String) : '{"n":1,"name":"Žofie \\u0000 \\"x\\""}',
      stderr: "",
    });
    expect(await pm.run("task a", '{"n":2,"fail":"no such file"}')).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: `pm task: ${message[language]}`,
    });

    const payloads = numbered(200);
    expect(await pm.map("a", payloads)).toEqual({
      exitCode: 0,
      stdout: "",
      stderr: "",
      answers: payloads.map((result) => ({ id: result.n, result })),
    });

    const mixed = payloads.map(({ n }) => (n % 50 === 7 ? { n, fail: "no such file" } : { n }));
    const { exitCode, stderr, answers } = await pm.map("a", mixed);
    expect([exitCode, stderr]).toEqual([1, "pm map: 4 of 200 failed"]);
    expect(answers).toEqual(
      mixed.map((payload) =>
        "fail" in payload
          ? { id: payload.n, error: expect.objectContaining({ code: "failed", message: message[language] }) }
          : { id: payload.n, result: payload },
      ),
    );
    expect(pm.recorded("Task protocol violated.")).toEqual([]);
    expect(await pm.stop()).toBe(0);
    expect(pm.recorded("Sent SIGKILL to worker after shutdown timeout.")).toEqual([]);
  });
});

test("pm map --results tells on stderr which lines failed, and pm map --fail-fast ends at the first", async () => {
  await using pm = new TaskFarm({ a: taskPool({ processes: 2 }) });
  const payloads = [{ n: 1 }, { n: 2, fail: "full disk" }, { n: 3 }];
  expect(await pm.map("a", payloads, "--results")).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: "pm map: line 2: failed: full disk\npm map: 1 of 3 failed",
    answers: [{ n: 1 }, null, { n: 3 }],
  });
  expect(await pm.map("a", payloads, "--fail-fast")).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: "pm map: line 2: failed: full disk; ended after 1 line; the same command with --resume goes on",
    answers: [{ id: 1, result: { n: 1 } }],
  });
});

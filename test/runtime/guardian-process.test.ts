import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { pmBinary } from "../support/pm-process.ts";
import { until } from "../support/proc.ts";

setDefaultTimeout(30_000);

const running: Bun.Subprocess[] = [];

afterEach(async () => {
  for (const each of running) each.kill("SIGKILL");
  await Promise.all(running.splice(0).map(({ exited }) => exited));
});

/** A process in a group of its own. */
function sleeper(env: Record<string, string> = {}): Bun.Subprocess {
  const started = Bun.spawn(["sleep", "1000"], { detached: true, env: { PATH: process.env["PATH"], ...env } });
  running.push(started);
  return started;
}

function guardian(command: readonly string[], runId: string): Bun.Subprocess<"pipe", "pipe"> {
  const started = Bun.spawn([...command, "__guardian"], { stdin: "pipe", env: { PM_RUN_ID: runId } });
  running.push(started);
  return started;
}

/** Whether the process stands in read(2) on its stdin: then it has made all its preparations. */
function listens(pid: number): boolean {
  const readCall = process.arch === "x64" ? 0 : 63;
  return readFileSync(`/proc/${pid}/syscall`, "latin1").startsWith(`${readCall} 0x0 `);
}

const isGone = (each: Bun.Subprocess): boolean => each.signalCode === "SIGKILL";

describe.each([
  ["built in", [pmBinary]], // the stub, where pm is packed
  ["in JavaScript", [process.execPath, join(import.meta.dir, "..", "..", "src", "main.ts")]],
] as const)("the guardian %s", (_, command) => {
  test("kills the groups it was told of, but not those it was told to forget", async () => {
    const [kept, forgotten, other] = [sleeper(), sleeper(), sleeper()];
    const keeper = guardian(command, crypto.randomUUID());
    void keeper.stdin.write(`+${kept.pid}\n+${forgotten.pid}\n`);
    void keeper.stdin.write(`-${forgotten.pid}\n-5\nwhat else\n+x\n`);
    void keeper.stdin.end();
    await kept.exited;
    expect(await keeper.exited).toBe(0);
    expect([kept, forgotten, other].map(isGone)).toEqual([true, false, false]);
  });

  test("remembers thousands of groups", async () => {
    const kept = sleeper();
    const keeper = guardian(command, crypto.randomUUID());
    const others = Array.from({ length: 5000 }, (__, at) => 5_000_000 + at); // more than any kernel hands out
    void keeper.stdin.write([...others.map((pid) => `+${pid}\n`), `+${kept.pid}\n`].join(""));
    void keeper.stdin.write(others.map((pid) => `-${pid}\n`).join(""));
    void keeper.stdin.end();
    await kept.exited;
    expect(await keeper.exited).toBe(0);
  });

  test("kills what carries the run in its environment, whichever worker it stems from and wherever it stands", async () => {
    const runId = crypto.randomUUID();
    const marked = [
      sleeper({ PM_RUN_ID: runId }),
      sleeper({ PM_RUN_ID: `${runId}.17` }),
      ...[1, 1000, 8100, 8150, 8192, 60_000].map((size) => sleeper({ A: "x".repeat(size), PM_RUN_ID: `${runId}.1` })),
    ];
    const other = sleeper({ PM_RUN_ID: crypto.randomUUID() });
    const keeper = guardian(command, runId);
    void keeper.stdin.end();
    await Promise.all(marked.map(({ exited }) => exited));
    expect(await keeper.exited).toBe(0);
    expect(isGone(other)).toBe(false);
  });

  test("does not die of what is sent to all that pm has started", async () => {
    const kept = sleeper();
    const keeper = guardian(command, crypto.randomUUID());
    void keeper.stdin.write(`+${kept.pid}\n`);
    await until(() => listens(keeper.pid));
    for (const signal of ["SIGINT", "SIGTERM"] as const) keeper.kill(signal);
    void keeper.stdin.end();
    await kept.exited;
    expect(await keeper.exited).toBe(0);
  });
});

import { describe, expect, spyOn, test } from "bun:test";
import type { PmEvent } from "../../src/core/farm/events.ts";
import { createEventLog, type EventLogOptions } from "../../src/surface/event-log.ts";

const ref = { worker: 1, slot: 0, consumer: "async" } as const;
const events: readonly PmEvent[] = [
  { type: "farm_started", workers: 1, consumers: { async: ["async", "high"] } },
  { type: "worker_started", ...ref, pid: 123, transports: ["async", "high"] },
  { type: "worker_restarting", ...ref, reason: "exit_failure", delayMs: 1_900, attempt: 2 },
  { type: "worker_not_started", ...ref, message: "no such program: php" },
  { type: "pong", ...ref },
  { type: "notice", level: "warning", message: "Control is off.", context: {} },
];

async function write(given: Partial<EventLogOptions>, toWrite: readonly PmEvent[] = events): Promise<string[]> {
  const lines: string[] = [];
  const log = await createEventLog({
    write: (line) => lines.push(line),
    terminal: false,
    colour: false,
    now: () => new Date(2026, 10, 22, 0, 34, 18, 123),
    level: "debug",
    ...given,
  });
  for (const event of toWrite) log.record(event);
  return lines;
}

const broken: PmEvent = {
  type: "notice",
  level: "error",
  message: "It broke.\n    at f (x.ts:1:2)",
  context: { error: new Error("broken"), stack: new Error("broken").stack },
};

describe("the log for collectors", () => {
  test("is one JSON object a line", async () => {
    const lines = await write({});
    expect(lines.every((line) => line.indexOf("\n") === line.length - 1)).toBe(true);
    const at = new Date(2026, 10, 22, 0, 34, 18, 123).toISOString().replace("Z", "+00:00");
    expect(lines[1]).toBe(
      '{"message":"Worker started.","context":{"worker":1,"consumer":"async","transports":["async","high"],"pid":123},' +
        `"level":200,"level_name":"INFO","channel":"pm","datetime":"${at}","extra":{}}\n`,
    );
    expect(lines.map((line) => JSON.parse(line).level_name)).toEqual([
      "INFO",
      "INFO",
      "WARNING",
      "ERROR",
      "DEBUG",
      "WARNING",
    ]);
  });

  test("never loads the package that writes for people", async () => {
    const source = await Bun.file(`${import.meta.dir}/../../src/surface/event-log.ts`).text();
    const imports = new Bun.Transpiler({ loader: "ts" }).scanImports(source);
    expect(imports.filter(({ path }) => path.includes("terminal-log") || path.includes("consola"))).toEqual([
      { kind: "dynamic-import", path: "./terminal-log.ts" },
    ]);
  });
});

describe("the log for people", () => {
  test("is one readable line a record", async () => {
    expect(await write({ terminal: true })).toEqual([
      '00:34:18 INFO  Process manager server started.  workers=1 consumers={"async":["async","high"]}\n',
      "00:34:18 INFO  Worker started.  worker=1 consumer=async transports=async,high pid=123\n",
      "00:34:18 WARN  Worker restarting after unexpected exit.  worker=1 consumer=async delay_seconds=1.9 attempt=2 reason=exit_failure\n",
      '00:34:18 ERROR Worker could not be started.  worker=1 consumer=async error="no such program: php"\n',
      "00:34:18 DEBUG Pong received.  worker=1 consumer=async\n",
      "00:34:18 WARN  Control is off.\n",
    ]);
  });

  test("has colours only when asked for", async () => {
    expect(await write({ terminal: true, colour: true }, events.slice(4))).toEqual([
      "\u001B[90m00:34:18\u001B[0m \u001B[90mDEBUG\u001B[0m Pong received.  \u001B[90mworker=1 consumer=async\u001B[0m\n",
      "\u001B[90m00:34:18\u001B[0m \u001B[33mWARN \u001B[0m Control is off.\n",
    ]);
  });

  test("repeats equal records as often as they happen", async () => {
    const equal = Array.from({ length: 20 }, (): PmEvent => ({ type: "consumer_recovered", consumer: "async" }));
    expect(await write({ terminal: true }, equal)).toHaveLength(20);
  });

  test("goes nowhere but where it is told", async () => {
    const ends = [
      spyOn(process.stdout, "write"),
      spyOn(process.stderr, "write"),
      spyOn(console, "log"),
      spyOn(console, "error"),
    ];
    await write({ terminal: true });
    const calls = ends.map((end) => end.mock.calls.length);
    for (const end of ends) end.mockRestore();
    expect(calls).toEqual([0, 0, 0, 0]);
  });
});

describe.each([true, false])("with terminal: %p", (terminal) => {
  test.each([
    ["debug", 6],
    ["info", 5],
    ["warning", 3],
    ["error", 1],
  ] as const)("level %s writes %d of the records", async (level, count) => {
    expect(await write({ terminal, level })).toHaveLength(count);
  });

  test("a stack is never written", async () => {
    const [line] = await write({ terminal }, [broken]);
    expect(line).toInclude("broken");
    expect(line).not.toMatch(/ at |\.ts/u);
  });
});

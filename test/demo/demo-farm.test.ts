import { expect, test } from "bun:test";
import type { PmEvent } from "../../src/core/farm/events.ts";
import { banner } from "../../src/demo/banner.ts";
import { demoFarm } from "../../src/demo/demo-farm.ts";
import { messageAt, scenarios } from "../../src/demo/load.ts";
import { Tally } from "../../src/demo/tally.ts";

const farm = demoFarm(4711, 0);
const sizes = farm.consumers.map(({ size }) => (size.kind === "static" ? size.processes : size.max));

test("the demo is a small farm: each worker is a whole process", () => {
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(8);
  expect(farm.http).toEqual({ host: "127.0.0.1", port: 0 });
});

test("its workers are this program, and know where the queue is", () => {
  for (const { command, env } of farm.consumers) {
    expect(command[0]).toBe(process.execPath);
    expect(command).toContain("__demo-worker");
    expect(env).toEqual({ PM_DEMO_QUEUE_PORT: "4711" });
  }
});

test("each queue of the load is read by a consumer, under the names that the metrics show", () => {
  const used = new Set(Array.from({ length: 10 }, (_, index) => messageAt(scenarios.steady, index).transport));
  expect(new Set(farm.consumers.flatMap(({ transports }) => transports))).toEqual(used);
  for (const { command, transports } of farm.consumers) {
    expect(command.slice(-transports.length)).toEqual([...transports]);
  }
});

test("the banner tells what runs, where to look and what to kill", () => {
  const text = banner({
    name: "steady",
    scenario: scenarios.steady,
    consumers: farm.consumers,
    address: "http://127.0.0.1:9100",
    pid: 4242,
    program: "dist/pm",
  });
  for (const { name } of farm.consumers) expect(text).toMatch(new RegExp(`^  ${name} +\\d workers? +\\w`, "mu"));
  expect(text).toContain("curl -s http://127.0.0.1:9100/metrics");
  expect(text).toContain("kill -9 4242");
  expect(text).toContain("  dist/pm top ");
  expect(Math.max(...text.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(120);
});

test("the last words count messages and restarts by consumer", () => {
  const worker = { worker: 1, slot: 0, consumer: "mails" };
  const fact = { transport: "mails", class: "SendMail", id: "1", durationSeconds: null, errorClass: null };
  const events: PmEvent[] = [
    { type: "message", event: "received", ...fact, ...worker },
    { type: "message", event: "failed", ...fact, ...worker },
    { type: "message", event: "retried", ...fact, ...worker },
    { type: "message", event: "handled", ...fact, ...worker },
    { type: "message", event: "handled", ...fact, ...worker },
    { type: "messages_lost", transport: "mails", count: 3, ...worker },
    { type: "worker_restarting", reason: "signal", delayMs: 1, attempt: 1, ...worker },
    { type: "worker_restarting", reason: "exit_success", delayMs: 0, attempt: 0, ...worker },
    { type: "worker_restarting", reason: "signal", delayMs: 1, attempt: 2, ...worker },
    { type: "consumer_recovered", consumer: "unknown" },
    { type: "farm_stopped", exitCode: 0 },
  ];
  const tally = new Tally(["mails", "images"]);
  for (const event of events) tally.record(event);
  expect(tally.toString()).toBe(
    [
      "  consumer    handled   failed  retried     lost  restarts",
      "  mails             2        1        1        3  signal 2, exit_success 1",
      "  images            0        0        0        0  none",
      "",
    ].join("\n"),
  );
});

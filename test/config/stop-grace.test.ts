import { describe, expect, test } from "bun:test";
import { formatIssue } from "../../src/config/issue.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { readStopGrace } from "../../src/config/stop-grace.ts";

describe("PM_STOP_GRACE", () => {
  test.each([
    [undefined, null],
    ["", null],
    ["0", null],
    ["infinity", null],
    ["30", 30_000],
    [" 1m30s ", 90_000],
  ])("%p is %p ms", (text, graceMs) => {
    expect(readStopGrace({ PM_STOP_GRACE: text })).toEqual({ graceMs, problem: null });
  });

  test("that is no duration is ignored and told", () => {
    const { graceMs, problem } = readStopGrace({ PM_STOP_GRACE: "30 seconds" });
    expect(graceMs).toBeNull();
    expect(problem).toBe("PM_STOP_GRACE is no duration and is ignored: unknown unit seconds; write 30s");
  });
});

function warnings(yaml: string, grace: string): string[] {
  const result = parseConfig({
    text: yaml,
    file: "pm.yaml",
    env: { PM_STOP_GRACE: grace },
    cwd: "/",
    read: () => null,
  });
  if (!result.ok) throw new Error(result.issues.map(formatIssue).join("\n"));
  return result.warnings.map(formatIssue);
}

describe("a file under a grace", () => {
  test("is told of every consumer that may take longer, at its place", () => {
    const yaml = "shutdown_timeout: 20s\nconsumers:\n  a: {command: [x], stop_timeout: 10s}\n  b: {command: [x]}\n";
    expect(warnings(yaml, "10s")).toEqual([
      "pm.yaml:1:19: warning: shutdown_timeout: 20s is more than the platform's grace allows (PM_STOP_GRACE=10s): at shutdown workers are killed after 9s; raise the grace to 23s or lower this",
      "pm.yaml:3:35: warning: consumers.a.stop_timeout: 10s is more than the platform's grace allows (PM_STOP_GRACE=10s): at shutdown workers are killed after 9s; raise the grace to 12s or lower this",
    ]);
  });

  test("is told of workers that may take for ever", () => {
    expect(warnings("shutdown_timeout: 0\nconsumers: {a: {command: [x]}}\n", "30s")).toEqual([
      "pm.yaml:1:19: warning: shutdown_timeout: 0 (for ever) is more than the platform's grace allows (PM_STOP_GRACE=30s): at shutdown workers are killed after 27s; set a limit",
    ]);
  });

  test.each([
    ["the grace is enough", "consumers: {a: {command: [x]}}\n", "34s"],
    ["there is none", "consumers: {a: {command: [x]}}\n", ""],
    ["nobody goes by shutdown_timeout", "consumers: {a: {command: [x], stop_timeout: 5s}}\n", "10s"],
  ])("is told nothing where %s", (_, yaml, grace) => {
    expect(warnings(yaml, grace)).toEqual([]);
  });
});

import { describe, expect, test } from "bun:test";
import { eventText, runEvents } from "../../../src/cli/commands/events.ts";
import { type LogsArgs, runLogs } from "../../../src/cli/commands/logs.ts";
import { logText } from "../../../src/cli/control/log-text.ts";
import type { Ask } from "../../../src/cli/control/operate.ts";
import type { EventLine, LogLineDocument } from "../../../src/protocol/control-api.ts";
import { FakeControl, FakeStreams } from "../../support/fake-control.ts";

const where = { socket: null, file: null };
/** 12:34:56 here, whatever the time zone. */
const at = new Date(2026, 10, 22, 12, 34, 56).toISOString();

const line = (changes: Partial<LogLineDocument> = {}): LogLineDocument => ({
  at,
  worker: 1,
  slot: 0,
  consumer: "async",
  stream: "stdout",
  level: null,
  text: "hello",
  ...changes,
});
const event = (changes: Partial<EventLine> = {}): EventLine => ({
  id: 1,
  at,
  who: "alice",
  kind: "restarted",
  consumer: "async",
  worker: null,
  message: "3 workers restarted",
  why: "deploy",
  ...changes,
});

function pm(streams: Readonly<Record<string, readonly unknown[]>>): {
  control: FakeControl;
  ask: Ask;
  streams: FakeStreams;
} {
  const control = new FakeControl();
  control.streams = streams;
  const own = new FakeStreams();
  return { control, streams: own, ask: { where, connect: control.connect, streams: own } };
}

const logs = (changes: Partial<LogsArgs> = {}): LogsArgs => ({
  target: null,
  follow: false,
  count: null,
  level: null,
  stream: null,
  json: false,
  ...changes,
});
const quiet = { exitCode: 0, stdout: "", stderr: "" };

describe("pm logs", () => {
  test.each([
    [{}, "n=100"],
    [{ target: "async:2", count: "5" }, "consumer=async&slot=2&n=5"],
    [{ target: "a&b", follow: true, count: "0" }, "consumer=a%26b&n=0&follow=1"],
    [{ level: "warn", stream: "stderr" }, "n=100&level=warning&stream=stderr"],
  ])("%j asks for %s", async (changes, query) => {
    const { control, ask } = pm({ "/v1/logs": [] });
    await runLogs(logs(changes), ask);
    expect(control.asked).toEqual([{ path: `/v1/logs?${query}` }]);
  });

  test("prints lines as they come, and says how many were lost", async () => {
    const { ask, streams } = pm({
      "/v1/logs": [line(), line({ slot: 3, stream: "stderr", text: "oh" }), { lost: 7 }, { added: "later" }],
    });
    expect(await runLogs(logs(), ask)).toEqual(quiet);
    expect(streams.stdout).toBe(
      "12:34:56 [async:0] hello\n12:34:56 [async:3 err] oh\n… 7 lines lost: too slow to read them\n",
    );
  });

  test("--json prints the documents as they came", async () => {
    const documents = [line({ text: "\u001B[31m\u0000" }), { lost: 7 }, { added: "later" }];
    const { ask, streams } = pm({ "/v1/logs": documents });
    await runLogs(logs({ json: true }), ask);
    expect(streams.stdout).toBe(documents.map((each) => `${JSON.stringify(each)}\n`).join(""));
  });

  test.each([
    [{ target: "a:" }, '"a:" names no slot behind the colon; write a:0 for the first worker, or a for all'],
    [{ count: "-1" }, "-n -1: write a whole number, 0 to 99999"],
    [{ level: "eror" }, "--level eror: did you mean error?"],
    [{ stream: "both" }, "--stream both: choose one of stdout, stderr"],
  ])("%j is a usage error", async (changes, problem) => {
    const outcome = await runLogs(logs(changes), pm({}).ask);
    expect(outcome).toEqual({ exitCode: 2, stdout: "", stderr: `pm logs: ${problem}\n` });
  });

  test("a refusal of pm is a failure", async () => {
    const outcome = await runLogs(logs({ target: "b" }), pm({}).ask);
    expect(outcome).toEqual({ exitCode: 1, stdout: "", stderr: "pm logs: there is no such thing\n" });
  });

  test("-f ends well with Ctrl-C, without a word", async () => {
    const { control, ask, streams } = pm({ "/v1/logs": [line()] });
    control.endless = true;
    const outcome = runLogs(logs({ follow: true }), ask);
    streams.controller.abort();
    expect(await outcome).toEqual(quiet);
  });

  test("-f ends well with pm, and says so", async () => {
    const outcome = await runLogs(logs({ follow: true }), pm({ "/v1/logs": [] }).ask);
    expect(outcome).toEqual({ exitCode: 0, stdout: "", stderr: "pm logs: pm has ended\n" });
  });

  test("-f ends when nobody reads any more", async () => {
    const { control, ask, streams } = pm({ "/v1/logs": [line(), line(), line()] });
    control.endless = true;
    streams.readers = 2;
    expect(await runLogs(logs({ follow: true }), ask)).toEqual(quiet);
    expect(streams.stdout.split("\n")).toHaveLength(3);
  });
});

/** The escape sequence in front of the name. */
const tag = (changes: Partial<LogLineDocument>): string =>
  logText(line(changes), { terminal: true, colour: true }).split("[async")[0]?.slice(-5) ?? "";

describe("a log line", () => {
  const text = "\u001B[31mred\u001B[0m\tx\u001B[2J\u0007\u009B1m\r";
  test.each([
    ["on a pipe stays as it is", { terminal: false, colour: false }, text],
    ["on a terminal steers nothing", { terminal: true, colour: false }, "red\tx\\u001b[2J\\u0007\\u009b1m"],
  ])("%s", (_, streams, shown) => {
    expect(logText(line({ text }), streams)).toBe(`12:34:56 [async:0] ${shown}`);
  });

  test("on a coloured terminal keeps its own colours, and no colour goes beyond it", () => {
    const shown = logText(line({ text: "\u001B[31mred" }), { terminal: true, colour: true });
    expect(shown).toEndWith(" \u001B[31mred\u001B[0m");
  });

  test("colours tell workers apart, and stderr", () => {
    expect(tag({ worker: 1 })).not.toBe(tag({ worker: 2 }));
    expect(tag({ worker: 2, stream: "stderr" })).toBe("\u001B[31m");
  });
});

describe("pm events", () => {
  test.each([
    [{}, "n=100"],
    [{ consumer: "async", follow: true, count: "3" }, "n=3&consumer=async&follow=1"],
  ])("%j asks for %s", async (changes, query) => {
    const { control, ask } = pm({ "/v1/events": [] });
    await runEvents({ consumer: null, follow: false, count: null, json: false, ...changes }, ask);
    expect(control.asked).toEqual([{ path: `/v1/events?${query}` }]);
  });

  test.each([
    [{}, "12:34:56 alice: async: 3 workers restarted (deploy)"],
    [{ who: "pm", worker: 4, message: "exit code 1", why: null }, "12:34:56 pm: async worker 4: exit code 1"],
    [{ who: "SIGHUP", consumer: null, message: "reloaded", why: null }, "12:34:56 SIGHUP: reloaded"],
    [{ who: "\u001B[2J", message: "a\nb", why: "\u0007" }, "12:34:56 \\u001b[2J: async: a\\u000ab (\\u0007)"],
  ])("%j reads %s", (changes, text) => {
    expect(eventText(event(changes), false)).toBe(text);
    expect(Bun.stripANSI(eventText(event(changes), true))).toBe(text);
  });

  test("--json prints the documents as they came", async () => {
    const { ask, streams } = pm({ "/v1/events": [event()] });
    await runEvents({ consumer: null, follow: false, count: null, json: true }, ask);
    expect(streams.stdout).toBe(`${JSON.stringify(event())}\n`);
  });

  test("a wrong -n is a usage error", async () => {
    const outcome = await runEvents({ consumer: null, follow: false, count: "all", json: false }, pm({}).ask);
    expect(outcome).toEqual({
      exitCode: 2,
      stdout: "",
      stderr: "pm events: -n all: write a whole number, 0 to 99999\n",
    });
  });
});

import { describe, expect, test } from "bun:test";
import { renderEffective } from "../../src/config/effective.ts";
import { maskWebhook } from "../../src/config/mask.ts";
import type { HookSpec } from "../../src/core/farm/spec.ts";
import { issuesOf, parse } from "./source.ts";

const consumers = "consumers: {a: {command: [x]}}";
const farm = (hooks: string): string => `hooks: ${hooks}\n${consumers}`;
const ofConsumer = (hooks: string): string => `consumers: {a: {command: [x], hooks: ${hooks}}}`;

const usual = { timeoutMs: 10_000, limit: { runs: 10, periodMs: 60_000 }, stderrLines: 20 };
const run = (...command: string[]): HookSpec["action"] => ({ kind: "command", command });
const post = (url: string, headers = {}): HookSpec["action"] => ({ kind: "webhook", url, headers });

describe("hooks", () => {
  test.each<[string, readonly HookSpec[]]>([
    ["{}", []],
    ["", []],
    ["{scaled: }", []],
    ["{scaled: []}", []],
    [
      "{worker_failed: {command: notify 'the team'}}",
      [{ on: "worker_failed", action: run("notify", "the team"), ...usual }],
    ],
    ["{scaled: {webhook: 'http://h/x'}}", [{ on: "scaled", action: post("http://h/x"), ...usual }]],
    [
      "{drain_stuck: [{command: [a], timeout: 500ms}, {webhook: 'https://h', headers: {X-A: b}, limit: {runs: 1}}]}",
      [
        { ...usual, on: "drain_stuck", action: run("a"), timeoutMs: 500 },
        {
          ...usual,
          on: "drain_stuck",
          action: post("https://h", { "X-A": "b" }),
          limit: { runs: 1, periodMs: 60_000 },
        },
      ],
    ],
    [
      "{messages_lost: {command: a, stderr_lines: 0, limit: {runs: 3, per: 1h}}}",
      [{ ...usual, on: "messages_lost", action: run("a"), stderrLines: 0, limit: { runs: 3, periodMs: 3_600_000 } }],
    ],
  ])("%s, of the farm or of a consumer", (text, expected) => {
    for (const file of [farm(text), ofConsumer(text)]) {
      const result = parse(file);
      expect(issuesOf(result)).toEqual([]);
      const spec = result.ok ? result.spec : null;
      expect([...(spec?.hooks ?? []), ...(spec?.consumers[0]?.hooks ?? [])]).toEqual([...expected]);
    }
  });

  test("of the farm know every event", () => {
    const events =
      "worker_failed limit_reached consumer_parked consumer_recovered scaled drain_stuck worker_killed worker_replaced messages_lost reload_failed farm_started farm_stopping".split(
        " ",
      );
    const result = parse(farm(`{${events.map((event) => `${event}: {command: x}`).join(", ")}}`));
    expect(issuesOf(result)).toEqual([]);
    expect(result.ok && result.spec.hooks.map(({ on }): string => on)).toEqual(events);
  });

  test.each([
    [
      "an unknown event",
      farm("{worker_fails: {command: x}}"),
      "1:9: hooks.worker_fails: ",
      "did you mean worker_failed?",
    ],
    [
      "a misplaced event",
      ofConsumer("{farm_started: {command: x}}"),
      "1:39: consumers.a.hooks.farm_started: ",
      "it belongs under hooks at the top of the file",
    ],
    [
      "a misplaced key",
      farm("{timeout: 3s}"),
      "1:9: hooks.timeout: ",
      "it belongs under an event, such as worker_failed",
    ],
    [
      "a hook that does nothing",
      farm("{scaled: {timeout: 3s}}"),
      "1:17: hooks.scaled: ",
      "add command: [PROGRAM] or webhook: URL",
    ],
    ["a bare program", farm("{scaled: notify}"), "1:17: hooks.scaled: ", "must be a mapping with keys such as command"],
    [
      "two actions",
      farm("{scaled: [{command: x, webhook: 'http://h'}]}"),
      "1:31: hooks.scaled[0].webhook: ",
      "make it a hook of its own",
    ],
    [
      "headers of a command",
      farm("{scaled: {command: x, headers: {A: b}}}"),
      "1:30: hooks.scaled.headers: ",
      "means nothing to a command; remove it",
    ],
    ["a misspelt action, once", farm("{scaled: {comand: x}}"), "1:18: hooks.scaled.comand: ", "did you mean command?"],
    [
      "another protocol",
      farm("{scaled: {webhook: 'file:///etc/passwd'}}"),
      "1:27: hooks.scaled.webhook: ",
      "begins with http:, https:",
    ],
    [
      "a header with a line break",
      farm('{scaled: {webhook: "http://h", headers: {A: "b\\nC: d"}}}'),
      "1:52: hooks.scaled.headers.A: ",
      "remove the line breaks",
    ],
    [
      "no runs at all",
      farm("{scaled: {command: x, limit: {runs: 0}}}"),
      "1:44: hooks.scaled.limit.runs: ",
      "from 1 to 1000",
    ],
    [
      "too many lines",
      farm("{scaled: {command: x, stderr_lines: 201}}"),
      "1:44: hooks.scaled.stderr_lines: ",
      "from 0 to 200",
    ],
  ])("%s is told", (_, text, where, said) => {
    const issues = issuesOf(parse(text));
    expect(issues).toHaveLength(1);
    expect(issues[0]).toStartWith(where);
    expect(issues[0]).toContain(said);
  });

  test("are printed as they are, but without their secrets", () => {
    const hooks = `{scaled: [{webhook: "https://me:hunter2@h.example/services/hunter2?x=hunter2", headers: {Authorization: Bearer hunter2, X-Odd: hunter2, Accept: text/seen}}, {command: [curl, --token, hunter2, seen]}]}`;
    const result = parse(`hooks: ${hooks}\n${ofConsumer(hooks)}`);
    const text = result.ok ? renderEffective(result.effective) : issuesOf(result).join("\n");
    expect(text).not.toContain("hunter2");
    expect(text.match(/webhook: https:\/\/h\.example\/\*\*\*\n/gu)).toHaveLength(2);
    expect(text.match(/Accept: text\/seen/gu)).toHaveLength(2);
    expect(text.match(/- seen/gu)).toHaveLength(2);
    expect(text).toContain("per: 1m\n");
  });
});

test.each([
  ["https://hooks.example.com/services/T0/B0/secret", "https://hooks.example.com/***"],
  ["http://me:pw@h:8080", "http://h:8080/***"],
  ["http://h:8080/?key=x", "http://h:8080/***"],
  ["http://127.0.0.1:9", "http://127.0.0.1:9"],
  ["no url", "***"],
])("maskWebhook shows %s as %s", (url, shown) => {
  expect(maskWebhook(url)).toBe(shown);
});

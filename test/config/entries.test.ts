import { describe, expect, test } from "bun:test";
import { type EntriesResult, readEntries } from "../../src/config/entries.ts";
import type { ConsumerSpec } from "../../src/core/farm/spec.ts";
import { issuesOf, parse } from "./source.ts";

/** What a document means beside a pm.yaml with these lines. */
function read(document: string, top = "", given: Parameters<typeof parse>[1] = {}): EntriesResult {
  const result = parse(`source: {command: x}\n${top}`, given);
  if (!result.ok) throw new Error(issuesOf(result).join("\n"));
  return readEntries(document, result.entrySurroundings);
}

function good(document: string, ...rest: [string?, Parameters<typeof parse>[1]?]): readonly ConsumerSpec[] {
  const result = read(document, ...rest);
  if (!result.ok) throw new Error(result.error);
  expect(result.rejected).toEqual([]);
  return result.good;
}

/** One entry named `a`, in JSON. */
const only = (entry: unknown): string => JSON.stringify({ consumers: { a: entry } });
const rejection = (document: string): string => {
  const result = read(document);
  if (!result.ok) throw new Error(result.error);
  expect(result.good).toEqual([]);
  return result.rejected.map(({ error }) => error).join("\n");
};

describe("a document", () => {
  test.each([
    ["JSON", '{"consumers": {"b": {"command": ["x"]}, "a": {"transports": "t"}}}'],
    ["JSON over several lines", '\n{\n "consumers": {\n "b": {"command": "x"},\n "a": {"transports": ["t"]}}}\n'],
    ["YAML", "consumers:\n  b: {command: x}\n  a: {transports: t}\n"],
    ["YAML on one line", "{consumers: {b: {command: x}, a: {transports: t}}}"],
    ["YAML with anchors", "consumers: {b: &b {command: x}, a: {<<: *b, command: null, transports: t}}"],
  ])("may be %s, and keeps its order", (_, document) => {
    expect(good(document).map(({ name }) => name)).toEqual(["b", "a"]);
  });

  test.each([
    ["is empty", "", "the document is empty"],
    ["is blank", " \n\t\n", "the document is empty"],
    ["is only a comment", "# nothing", "found nothing"],
    ["is a list", "[]", "found a list"],
    ["is a list in YAML", "- a", "found a list"],
    ["is a text", "hello", "found a string"],
    ["is a number", "3", "found a number"],
    ["is null", "null", "found nothing"],
    ["has no consumers", "{}", "has no consumers"],
    ["has something else", '{"jobs": {}}', "has no consumers"],
    ["has something beside them", '{"consumers": {}, "total_cap": 3}', 'holds "total_cap" beside consumers'],
    ["has no consumers after all", '{"consumers": null}', "consumers must be a mapping of consumers, found nothing"],
    ["has none in YAML", "consumers:", "consumers must be a mapping of consumers, found nothing"],
    ["has a number of them", '{"consumers": 3}', "consumers must be a mapping of consumers, found a number"],
    ["is cut off", '{"consumers": {"a": {"command": "x"', "neither JSON nor YAML: line 1, column"],
    ["is two documents", "consumers: {}\n---\nconsumers: {}", "line 2, column 1: a second YAML document"],
    ["is an error page", "<html>\n<b>Fatal: error</b>", "neither JSON nor YAML: line 1, column 1"],
    ["is nested without end", "[".repeat(20_000), "neither JSON nor YAML"],
    ["is too long for YAML", `consumers: {}\n${"# x\n".repeat(50_000)}`, "no valid JSON, and too long for YAML"],
    ["is too long", `{"consumers": {}}${" ".repeat(17_000_000)}`, "longer than 16 MiB"],
  ])("that %s says nothing of any entry", (_, document, why) => {
    const result = read(document);
    expect(result.ok ? null : result.error).toContain(why);
    expect(result.ok ? "" : result.error).not.toContain("\n");
  });

  test("that names no consumers says so in so many words", () => {
    expect(good('{"consumers": {}}')).toEqual([]);
    expect(good("consumers: {}")).toEqual([]);
  });

  test("never shows in its problem what stands in it", () => {
    for (const document of ['{"consumers": hunter2}', '{"consumers": {"a": hunter2 "x"', 'consumers: "hunter2']) {
      expect(JSON.stringify(read(document))).not.toContain("hunter2");
    }
  });
});

describe("an entry", () => {
  test("has the keys, defaults and surroundings of pm.yaml", () => {
    const [spec] = good(
      only({ command: "php 'my worker.php'", cwd: "sub", env_file: ".env", env: { B: "2" }, logs: { format: "raw" } }),
      "shutdown_timeout: 5m\nlogs: {fields: {host: h}}",
      { files: { "/srv/app/.env": "A=1\nB=1" } },
    );
    const fromFile = parse(
      `shutdown_timeout: 5m\nlogs: {fields: {host: h}}\nconsumers: {a: {command: "php 'my worker.php'", cwd: sub, env_file: .env, env: {B: 2}, logs: {format: raw}}}`,
      { files: { "/srv/app/.env": "A=1\nB=1" } },
    );
    expect(fromFile.ok && spec).toEqual({ ...(fromFile.ok ? fromFile.spec.consumers[0]! : spec!), origin: "source" });
    expect(spec).toMatchObject({ cwd: "/srv/app/sub", env: { A: "1", B: "2" }, stopTimeoutMs: 300_000, mtime: null });
  });

  test("of a file of the Symfony bundle runs as its consumers do", () => {
    const result = parse("symfony_process_manager: {source: {command: x}}", {
      file: "/srv/app/config/packages/p.yaml",
    });
    if (!result.ok) throw new Error(issuesOf(result).join());
    expect(readEntries(only({ transports: "t" }), result.entrySurroundings)).toMatchObject({
      good: [{ cwd: "/srv/app", restart: { onFailureLimit: "exit" } }],
    });
  });

  test.each([
    [1_700_000_000, 1_700_000_000],
    [1.5, 1.5],
    [0, 0],
    [null, null],
    [undefined, null],
  ])("may have an mtime: %p", (mtime, expected) => {
    expect(good(only({ command: "x", mtime }))[0]?.mtime).toBe(expected);
  });

  test("is literal: nothing is filled in", () => {
    const text = "${HOME} $$ %env(HOME)%";
    const env = { HOME: "/secret" };
    expect(good(only({ command: ["x", text] }), "", { env })[0]?.command).toEqual(["x", text]);
    expect(good(`consumers: {a: {command: [x, "${text}"]}}`, "", { env })[0]?.command).toEqual(["x", text]);
  });

  test("may have numbers where text is meant", () => {
    expect(good(only({ command: ["x", 5], env: { A: 1, B: true } }))[0]).toMatchObject({
      command: ["x", "5"],
      env: { A: "1", B: "true" },
    });
    expect(good("consumers: {a: {command: [x], env: {A: 1.10}}}")[0]?.env).toEqual({ A: "1.10" });
  });

  test.each([
    ["a number", 5, "consumers.a: must be a mapping with keys such as command, found 5"],
    ["a text", "x", 'consumers.a: must be a mapping with keys such as command, found "x"'],
    ["a list", [], "consumers.a: must be a mapping with keys such as command, found a list"],
    ["null", null, "consumers.a: has nothing to run; add command"],
    ["empty", {}, "consumers.a: has nothing to run; add command"],
    ["without a command", { processes: 2 }, "consumers.a: has nothing to run"],
    ["misspelt", { command: "x", proceses: 2 }, "consumers.a.proceses: unknown key, did you mean processes?"],
    [
      "wrong in a value",
      { command: "x", processes: 0 },
      "consumers.a.processes: must be a whole number of 1 or more, found 0",
    ],
    ["wrong in a number as text", { command: "x", processes: "3" }, 'found "3"; remove the quotes'],
    ["wrong in several keys", { command: "x", processes: 0, nice: 50, cwd: "" }, "(and 2 more)"],
    [
      "contradictory",
      { command: "x", processes: 1, autoscaler: { min: 1, max: 2, strategy: { type: "fixed" } } },
      "consumers.a.processes: cannot be given together",
    ],
    [
      "wrong in its autoscaler",
      { command: "x", autoscaler: { min: 3, max: 2, strategy: { type: "fixed" } } },
      "consumers.a.autoscaler.min: min 3 is more than max 2",
    ],
    ["with a text as mtime", { command: "x", mtime: "1700000000" }, "consumers.a.mtime: must be a number of 0 or more"],
    ["with a negative mtime", { command: "x", mtime: -1 }, "consumers.a.mtime: must be a number of 0 or more"],
    ["for an unknown user", { command: "x", user: "nobody-here" }, 'consumers.a.user: there is no user "nobody-here"'],
    ["without its env file", { command: "x", env_file: "gone.env" }, "consumers.a.env_file: the env file"],
    ["nested without end", JSON.parse("[".repeat(2000) + "]".repeat(2000)), "is nested too deeply"],
  ])("that is %s rejects itself in one line", (_, entry, error) => {
    expect(rejection(only(entry))).toContain(error);
    expect(rejection(only(entry))).not.toContain("\n");
  });

  test("that is invalid rejects no other", () => {
    const result = read(
      JSON.stringify({ consumers: { a: { command: "x" }, b: 5, c: { command: "x" }, d: { comand: 1 } } }),
    );
    expect(result.ok && result.good.map(({ name }) => name)).toEqual(["a", "c"]);
    expect(result.ok && result.rejected.map(({ consumer }) => consumer)).toEqual(["b", "d"]);
  });

  test("holding itself, or wrong behind an anchor, rejects itself", () => {
    expect(rejection("consumers: {a: &a {command: [x], env: *a}}")).toContain("holds itself");
    const result = read("consumers:\n  a: &a {command: x, processes: 0}\n  b: {<<: *a, processes: 1}\n");
    expect(result).toMatchObject({ good: [{ name: "b" }], rejected: [{ consumer: "a" }] });
  });

  test("with a secret in the wrong place does not show it", () => {
    const entry = {
      command: "x --token=hunter2 | y",
      env: { PASSWORD: ["hunter2"] },
      transports: "redis://me:hunter2@h",
    };
    expect(rejection(only({ ...entry, processes: "mysql://me:hunter2@h/db" }))).not.toContain("hunter2");
  });
});

describe("the name of an entry", () => {
  test("may hold a dot: a.b is another one than a", () => {
    expect(
      good('{"consumers": {"a.b": {"command": "x"}, "a": {"command": "y"}}}').map(({ name, command }) => [
        name,
        command[0],
      ]),
    ).toEqual([
      ["a.b", "x"],
      ["a", "y"],
    ]);
  });

  test.each([
    ["a blank", "a b"],
    ["a newline", "a\nb"],
    ["a colon", "a:0"],
    ["nothing", ""],
  ])("that holds %s rejects the entry", (_, name) => {
    const result = read(JSON.stringify({ consumers: { [name]: { command: "x" }, fine: { command: "x" } } }));
    expect(result).toMatchObject({ good: [{ name: "fine" }], rejected: [{ consumer: name }] });
  });

  test("that is endless rejects the entry, and is not repeated in full", () => {
    const result = read(JSON.stringify({ consumers: { ["n".repeat(100_000)]: { command: "x" } } }));
    expect(JSON.stringify(result).length).toBeLessThan(500);
    expect(result).toMatchObject({
      good: [],
      rejected: [{ error: expect.stringContaining("longer than 200 characters") }],
    });
  });

  test("may be a number", () => {
    expect(good('{"consumers": {"7": {"command": "x"}}}').map(({ name }) => name)).toEqual(["7"]);
    expect(good("consumers: {7: {command: x}, 1.50: {command: x}}").map(({ name }) => name)).toEqual(["7", "1.50"]);
  });

  test("is a position where PHP made a list of ids from 0, or of none", () => {
    expect(good('{"consumers": [{"command": "x"}, {"command": "y"}]}').map(({ name }) => name)).toEqual(["0", "1"]);
    expect(good("consumers: [{command: x}]").map(({ name }) => name)).toEqual(["0"]);
    expect(good('{"consumers": []}')).toEqual([]);
  });

  test("that is given twice rejects both: nobody can say which is meant", () => {
    const result = read("consumers:\n  a: {command: x}\n  a: {command: y}\n  b: {command: x}\n");
    expect(result).toMatchObject({
      good: [{ name: "b" }],
      rejected: [{ consumer: "a", error: "consumers.a: is given twice; keep one" }],
    });
  });

  test("may be one that means something to JavaScript", () => {
    const names = ["__proto__", "constructor", "toString"];
    expect(
      good(`{"consumers": {${names.map((name) => `"${name}": {"command": "x"}`).join()}}}`).map(({ name }) => name),
    ).toEqual(names);
  });
});

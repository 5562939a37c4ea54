import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCheck } from "../../../src/cli/commands/check.ts";
import { runConfig } from "../../../src/cli/commands/config.ts";
import { runInit } from "../../../src/cli/commands/init.ts";
import { runSchema } from "../../../src/cli/commands/schema.ts";

let cwd = "";
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "pm-cli-"));
});
afterEach(() => rmSync(cwd, { recursive: true }));

const write = (name: string, text: string): void => writeFileSync(join(cwd, name), text);
const check = (json = false, file: string | null = null) => runCheck({ file, json, cwd, env: {} });
const good =
  "consumers: {a: {command: [x], processes: 3}, b: {command: [y]}, c: {command: [z], autoscaler: {min: 3, max: 9, strategy: {type: fixed}}}}";

describe("pm check", () => {
  test("says in one line what a good file holds", async () => {
    write("pm.yaml", good);
    expect(await check()).toEqual({ exitCode: 0, stdout: "pm.yaml: ok (3 consumers, 7 workers)\n", stderr: "" });
  });

  test("looks for pm.yml too, and counts one as one", async () => {
    write("pm.yml", "consumers: {a: {command: [x]}}");
    expect((await check()).stdout).toBe("pm.yml: ok (1 consumer, 1 worker)\n");
  });

  test("tells warnings on stderr and is content", async () => {
    write("pm.yaml", "consumers: {a: {command: [x], stop_timeout: 1m}}");
    const { exitCode, stderr } = await check();
    expect(exitCode).toBe(0);
    expect(stderr).toStartWith("pm.yaml:1:45: warning: consumers.a.stop_timeout: ");
  });

  test("tells every problem and then how many there are", async () => {
    write("bad.yaml", "consumers: {a: {command: [x], stop_timeout: 1m}}\ntotl_cap: 1\nmetrics: 3");
    const { exitCode, stdout, stderr } = await check(false, "bad.yaml");
    expect([exitCode, stdout]).toEqual([78, ""]);
    expect(stderr.split("\n")).toEqual([
      expect.stringMatching(/^bad\.yaml:1:45: warning: consumers\.a\.stop_timeout: /u),
      "bad.yaml:2:1: totl_cap: unknown key, did you mean total_cap?",
      expect.stringMatching(/^bad\.yaml:3:10: metrics: /u),
      "bad.yaml: 2 errors, 1 warning",
      "",
    ]);
  });

  test("asks for pm init when there is no file", async () => {
    const { exitCode, stderr } = await check();
    expect(exitCode).toBe(78);
    expect(stderr).toMatch(/^[^\n]*run `pm init`[^\n]*\n$/u);
  });

  test("with --json prints one document and nothing else", async () => {
    write("pm.yaml", good);
    const fine = await check(true);
    expect([fine.exitCode, fine.stderr, JSON.parse(fine.stdout)]).toEqual([
      0,
      "",
      { ok: true, file: "pm.yaml", issues: [], consumers: 3, workers: 7 },
    ]);
    write("pm.yaml", "totl_cap: 1\nconsumers: {a: {command: [x]}}");
    const bad = await check(true);
    const issue = {
      severity: "error",
      line: 1,
      column: 1,
      path: "totl_cap",
      message: "unknown key, did you mean total_cap?",
    };
    expect([bad.exitCode, bad.stderr, JSON.parse(bad.stdout)]).toEqual([
      78,
      "",
      { ok: false, file: "pm.yaml", issues: [issue], consumers: null, workers: null },
    ]);
  });
});

describe("pm config", () => {
  test("prints the whole configuration, which is in order itself", async () => {
    write("pm.yaml", good);
    const { exitCode, stdout, stderr } = await runConfig({ file: null, cwd, env: {} });
    expect([exitCode, stderr]).toEqual([0, ""]);
    write("again.yaml", stdout);
    expect((await check(false, "again.yaml")).stdout).toBe("again.yaml: ok (3 consumers, 7 workers)\n");
  });

  test("prints problems instead of a wrong configuration", async () => {
    write("pm.yaml", "consumers: {}");
    const { exitCode, stdout, stderr } = await runConfig({ file: null, cwd, env: {} });
    expect([exitCode, stdout]).toEqual([78, ""]);
    expect(stderr).toContain("pm.yaml:1:12: consumers: ");
  });
});

test("pm schema prints a JSON Schema of draft-07", async () => {
  expect(JSON.parse((await runSchema()).stdout)).toMatchObject({ $schema: "http://json-schema.org/draft-07/schema#" });
});

describe("pm init", () => {
  test.each([null, "symfony-messenger"])("writes a file that pm check accepts: preset %p", async (preset) => {
    expect((await runInit({ preset, cwd })).exitCode).toBe(0);
    const { stdout, stderr } = await check();
    expect([stdout, stderr]).toEqual(["pm.yaml: ok (1 consumer, 2 workers)\n", ""]);
  });

  test.each(["pm.yaml", "pm.yml"])("never touches an existing %s", async (name) => {
    write(name, "mine");
    const { exitCode, stderr } = await runInit({ preset: null, cwd });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^[^\n]*exists already[^\n]*\n$/u);
    expect(readFileSync(join(cwd, name), "utf8")).toBe("mine");
  });

  test("refuses an unknown preset with a suggestion", async () => {
    const { exitCode, stderr } = await runInit({ preset: "symfony-mesenger", cwd });
    expect([exitCode, stderr]).toEqual([2, 'pm: unknown preset "symfony-mesenger"; did you mean symfony-messenger?\n']);
  });
});

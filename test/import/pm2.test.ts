import { describe, expect, test } from "bun:test";
import { checked, importText, keysOf, lossesOf } from "./import-text.ts";

const app = (text: string): string => `module.exports = { apps: [{ ${text} }] }`;

describe("an app", () => {
  test.each([
    ['script: "a.js"', { command: ["node", "a.js"], stop_signal: "INT" }],
    ['script: "a.py", args: "-v \'b c\'"', { command: ["python", "a.py", "-v", "b c"] }],
    ['script: "a.php", args: ["b c", 1]', { command: ["php", "a.php", "b c", "1"] }],
    ['script: "a.ts", node_args: "--smol"', { command: ["bun", "--smol", "a.ts"] }],
    ['script: "npm", args: "run start"', { command: ["npm", "run", "start"] }],
    ['script: "./a.js", interpreter: "none"', { command: ["./a.js"] }],
    ['script: "a.js", interpreter: "deno"', { command: ["deno", "a.js"] }],
    ['script: "npm run start"', { command: ["npm", "run", "start"] }],
    ['script: "npm run start > log"', { command: ["sh", "-c", "exec npm run start > log"] }],
    ['cmd: "A=1 b c"', { command: ["b", "c"], env: { A: "1" } }],
    ['script: "a.js", instances: 0', { processes: 4 }],
    ['script: "a.js", instances: "max"', { processes: 4 }],
    ['script: "a.js", instances: -1', { processes: 3 }],
    ['script: "a.js", instances: -9', { processes: 1 }],
    ['script: "a.js", instances: "2"', { processes: 2 }],
    ['script: "a.js", max_memory_restart: "1G"', { max_memory: "1G" }],
    ['script: "a.js", max_memory_restart: 209715200', { max_memory: "200M" }],
    ['script: "a.js", min_uptime: 5000, kill_timeout: "10s"', { min_uptime: "5s", stop_timeout: "10s" }],
    ['script: "a.js", min_uptime: "2h"', { min_uptime: "2h", failure_window: "2h1m" }],
    ['script: "a.js", restart_delay: 60000', { backoff_base: "1m", backoff_max: "1m", failure_window: "4m" }],
    ['script: "a.js", max_restarts: 10', { failure_limit: 10, on_failure_limit: "park", failure_window: "4m" }],
    ['script: "a.js", autorestart: false, stop_exit_codes: [0]', { restart: "never" }],
    ['script: "a.js", stop_exit_codes: [0, 2]', { restart: "on-failure", exit_codes: { never_restart: [2] } }],
    ['script: "a.js", env: { A: 1, B: true, C: "$x${y}" }', { env: { A: "1", B: "true", C: "$x${y}" } }],
    ['script: "a.js", port: 80', { env: { PORT: "80" } }],
    ['script: "a.js", cwd: __dirname + "/x"', { cwd: "x" }],
    ['script: "a.js", uid: 33, gid: "www-data"', { user: "33", group: "www-data" }],
  ])("%s", (text, keys) => {
    expect(keysOf("pm2", app(text))).toMatchObject(keys);
    expect(checked("pm2", app(text))).toMatchObject({ ok: true, warnings: [] });
  });

  test.each([
    ["script: f()", "can't read this expression at line 1, since the file is not run; write its value in pm.yaml"],
    ['script: "a.js", args: [f()]', "args: can't read this expression at line 1"],
    ['script: "a.js", instances: cpus().length', "instances: can't read this expression at line 1"],
    ['script: "a.js", env: { A: f() }', "env.A: can't read this expression at line 1"],
    ['script: "a.js", env: { A: {} }', "env.A: is no text"],
    ['script: "a.js", ...f()', "...: can't read this expression at line 1"],
    ['script: "a.js", kill_timeout: "soon"', "kill_timeout: is no time"],
    ['script: "a.js", max_memory_restart: "1K"', "max_memory_restart: is no size of 1M or more"],
    ['script: "a.js", args: "\'b"', "args: a single quote (') is never closed"],
    ['script: "a", node_args: "-v"', "interpreter_args: have no interpreter to go to"],
    ['script: "a.js", env_prod: { A: 1, B: 2 }', "env_prod (A, B): applied with --env prod only"],
    ["name: 'x'", "script: is missing or unreadable"],
  ])("%s is told", (text, said) => {
    expect(lossesOf("pm2", app(text)).join("\n")).toContain(said);
  });

  test.each(["exec_mode: 'fork'", "watch: false", "wait_ready: false", "treekill: true", "kill_timeout: 0"])(
    "%s asks for nothing, so there is nothing to tell",
    (text) => {
      expect(lossesOf("pm2", app(`script: "a.js", ${text}`))).toEqual([]);
    },
  );

  test("a variable is filled in when pm starts", () => {
    const text = app('script: "a.js", instances: process.env.N || 2, env: { U: `x-${process.env.U}` }');
    const [consumer] = (() => {
      const result = checked("pm2", text, { U: "me" });
      return result.ok ? result.spec.consumers : [];
    })();
    expect(consumer).toMatchObject({ size: { processes: 2 }, env: { U: "x-me" } });
  });
});

const names = (text: string, file = "ecosystem.config.js"): string[] =>
  importText("pm2", text, { file }).consumers.map(({ name }) => name);

describe("the file", () => {
  test.each([
    ['{ "apps": [{ "script": "a.js" }, { "name": "b c", "script": "x" }] }', ["a", "b-c"]],
    ['{ "apps": { "script": "a.js" } }', ["a"]],
    ['[{ "script": "a.js" }, { "script": "a.js" }]', ["a", "a-2"]],
    ['{ "script": "dir/a.js" }', ["a"]],
  ])("%s", (text, expected) => {
    expect(names(text)).toEqual(expected);
  });

  test("may be YAML, with anchors", () => {
    const yaml = "apps:\n  - &a { script: a.js, name: one }\n  - *a\n";
    expect(names(yaml, "process.yml")).toEqual(["one", "one-2"]);
    expect(names("a: [", "process.yml")).toEqual([]);
  });

  test.each([
    ["module.exports = () => ({ apps: [] })", "the file: can't read this expression at line 1"],
    ["module.exports = { apps: names.map(f) }", "apps: can't read this expression at line 1"],
    ["module.exports = { apps: [f()] }", "apps: can't read this expression at line 1"],
    ["console.log(1)", "module.exports: is not there"],
  ])("%s is told", (text, said) => {
    expect(importText("pm2", text).consumers).toEqual([]);
    expect(lossesOf("pm2", text).join("\n")).toContain(said);
  });

  test("is never run", () => {
    const text = 'globalThis.ran = true; module.exports = { apps: [{ script: (globalThis.ran = true, "a.js") }] }';
    expect(lossesOf("pm2", text).join("\n")).toContain("script: can't read this expression");
    expect(globalThis).not.toHaveProperty("ran");
  });
});

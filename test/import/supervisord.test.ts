import { describe, expect, test } from "bun:test";
import { readIni } from "../../src/import/ini.ts";
import { expand, readPairs } from "../../src/import/supervisord-text.ts";
import { yamlText } from "../../src/import/marks.ts";
import { checked, importText, keysOf, lossesOf } from "./import-text.ts";

/** Sections, and in them line and value of each key. */
const entries = (text: string): unknown =>
  Object.fromEntries(
    readIni(text, "x").sections.map(({ name, entries: all }) => [
      name,
      Object.fromEntries([...all.values()].map(({ key, value, line }) => [key, `${line}: ${value}`])),
    ]),
  );

describe("the INI file", () => {
  test.each([
    ["[a]\nb=c", { a: { b: "2: c" } }],
    ["[a]\nB = c = d\ne: f", { a: { b: "2: c = d", e: "3: f" } }],
    ["; x\n# y\n[a] ; z\nb=c ; d\ne=f;g\nh=i #j", { a: { b: "4: c", e: "5: f;g", h: "6: i" } }],
    ["[a]\nb =\n  c,\n\n  ; no\n  d\ne=f", { a: { b: "2: c,\nd", e: "7: f" } }],
    ["[a]\r\nb=c\r\n", { a: { b: "2: c" } }],
    ["[a]\nb=1\nb=2\n[c]\n[a]\nd=3", { a: { b: "3: 2", d: "6: 3" }, c: {} }],
    ["  [a]\n  b=c\n    d", { a: { b: "2: c\nd" } }],
    ["[a]\nb=", { a: { b: "2: " } }],
  ])("%j", (text, meant) => {
    expect(entries(text)).toEqual(meant);
  });

  test("what is neither section nor key is kept for a word about it", () => {
    expect(readIni("x\n[a]\ny\nb=c", "f").strays.map(({ key, line }) => [key, line])).toEqual([
      ["x", 1],
      ["y", 3],
    ]);
  });
});

describe("expressions", () => {
  const names = { program_name: "app", process_num: 7, here: "/etc" };
  test.each([
    ["100%%", "100%", []],
    ["%(program_name)s-%(process_num)d", "app-7", []],
    ["%(process_num)02d|%(process_num)3d", "07|  7", []],
    ["%(ENV_HOME)s/x", "${HOME}/x", []],
    ["%(here)s/%(nothing)s", "/etc/%(nothing)s", ["%(nothing)s"]],
  ])("%s", (text, meant, unknown) => {
    const expanded = expand(text, { names, firstProcess: null });
    expect(yamlText(expanded.text)).toBe(meant);
    expect(expanded.unknown).toEqual(unknown);
  });
});

describe("environment", () => {
  test.each([
    ["A=\"b\",C='d',E=f", { A: "b", C: "d", E: "f" }],
    ['A="b,c=d" ,\n  B="e f",', { A: "b,c=d", B: "e f" }],
    ["A=/x/y.z:1+2-(3)", { A: "/x/y.z:1+2-(3)" }],
    ["A=,B=1", { A: "", B: "1" }],
    ["", {}],
    ["A", null],
    ['A="b', null],
    ["A=b C=d", null],
  ])("%j", (text, pairs) => {
    const read = readPairs(text);
    expect(read === null ? null : Object.fromEntries(read)).toEqual(pairs);
  });
});

const program = (...lines: readonly string[]): string => `[program:x]\n${lines.join("\n")}\n`;

describe("a program", () => {
  test.each([
    [["command=a 'b c' \"d\" e\\ f"], { command: ["a", "b c", "d", "e f"] }],
    [["command=a | b && c > d"], { command: ["a", "|", "b", "&&", "c", ">", "d"] }],
    [["command=A=1 b"], { command: ["A=1", "b"] }],
    [["command=a %(program_name)s %(process_num)02d", "numprocs=1"], { command: ["a", "x", "00"] }],
    [["command=a", "numprocs=%(ENV_N)s"], { processes: expect.stringContaining("N") }],
    [["command=a", "umask=027"], { umask: "027" }],
    [["command=a"], { restart: "on-failure", on_failure_limit: "park" }],
    [["command=a", "autorestart=false", "startretries=5"], { restart: "never", failure_limit: 5 }],
    [
      ["command=a", "autorestart=unexpected", "exitcodes=0,2,2,3"],
      { restart: "on-failure", exit_codes: { success: [2, 3] } },
    ],
    [["command=a", "startsecs=0.5", "stopwaitsecs=90"], { min_uptime: "500ms", stop_timeout: "1m30s" }],
    [["command=a", "startsecs=120"], { min_uptime: "2m", failure_window: "3m" }],
    [["command=a", "startretries=6"], { failure_limit: 6, failure_window: "2m" }],
    [["command=a", "stopsignal=SIGUSR2"], { stop_signal: "USR2" }],
    [["command=a", "directory=%(here)s/sub"], { cwd: "sub" }],
    [["command=a", "directory=%(here)s"], { cwd: "." }],
    [["command=a", "directory=/var/www"], { cwd: "/var/www" }],
    [["command=a", 'environment=A="%(here)s",B="%%d"'], { env: { A: "/srv/app", B: "%d" } }],
  ])("%j", (lines, keys) => {
    expect(keysOf("supervisord", program(...lines))).toMatchObject(keys);
  });

  test("a folder that is not below the one pm import runs in stays absolute", () => {
    const text = program("command=a", "directory=%(here)s/sub");
    expect(keysOf("supervisord", text, { cwd: "/home/me" })).toMatchObject({ cwd: "/srv/app/sub" });
  });

  test("on_failure_limit is nothing to a program that is never restarted", () => {
    expect(keysOf("supervisord", program("command=a", "autorestart=false"))).not.toHaveProperty("on_failure_limit");
  });

  test.each([
    ["numprocs=x", "app.conf:2: numprocs: holds no number; set the key by hand"],
    ["startretries=0", "app.conf:2: startretries: 0 allowed no second try; failure_limit is at least 1"],
    [
      "directory=%(nope)s",
      "app.conf:2: directory: %(nope)s is no expression that pm import knows; write what it stands for",
    ],
    ["environment=A", 'app.conf:2: environment: is not of the form KEY="value",KEY2="value"; write env by hand'],
    ["command='a", "app.conf:2: command: a single quote (') is never closed; write command by hand"],
    ["exitcodes=1", "app.conf:2: exitcodes: left 0 out, so a clean exit was a failure; pm always takes 0 for success"],
  ])("%s is told", (line, loss) => {
    expect(lossesOf("supervisord", program(line))).toContain(loss);
  });

  test("what is said of the output is said once for all programs", () => {
    const text =
      "[program:a]\ncommand=a\nstdout_logfile=x\nredirect_stderr=true\n[program:b]\ncommand=b\nstdout_logfile=y\n";
    expect(lossesOf("supervisord", text)).toEqual([
      expect.stringMatching(/^app\.conf:3: stdout_logfile, redirect_stderr: /u),
    ]);
  });

  test("the environment of supervisord is that of all, and their own wins", () => {
    const text = "[program:a]\ncommand=a\nenvironment=B=own\n[supervisord]\nenvironment=A=1,B=2\n";
    expect(keysOf("supervisord", text)).toMatchObject({ env: { A: "1", B: "own" } });
  });

  test("the slowest worker's time is the farm's", () => {
    const text = "[program:a]\ncommand=a\nstopwaitsecs=3600\n[program:b]\ncommand=b\nstopwaitsecs=40\n";
    expect(Object.fromEntries(importText("supervisord", text).farm)).toEqual({ shutdown_timeout: "1h" });
    expect(checked("supervisord", text)).toMatchObject({ ok: true, warnings: [] });
  });
});

describe("[include]", () => {
  const files: Readonly<Record<string, string>> = {
    "/srv/app/d/b.conf": "[program:b]\ncommand=b\ndirectory=%(here)s\n",
    "/srv/app/d/c.conf": "[program:c]\ncommand=c\npriority=1\n",
  };
  const given = {
    file: "etc/s.conf",
    read: (path: string) => files[path] ?? null,
    find: (pattern: string) => (pattern === "/srv/app/d/*.conf" ? Object.keys(files) : []),
  };

  test("reads what it matches, each file with its own folder and lines", () => {
    const { consumers } = importText("supervisord", "[program:a]\ncommand=a\n[include]\nfiles = d/*.conf\n", given);
    expect(consumers.map(({ name }) => name)).toEqual(["a", "b", "c"]);
    expect(consumers[1]?.keys.get("cwd")).toBe("d");
    expect(consumers[2]?.losses).toMatchObject([{ file: "etc/d/c.conf", line: 3, key: "priority" }]);
  });

  test("tells of what matches nothing", () => {
    expect(lossesOf("supervisord", "[include]\nfiles = x.ini %(here)s/d/*.conf\n", given)).toEqual([
      "etc/s.conf:2: files: x.ini matches no file here; import what it matched over there by itself",
      expect.stringMatching(/^etc\/d\/c\.conf:3: priority: /u),
    ]);
  });
});

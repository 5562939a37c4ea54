import { describe, expect, test } from "bun:test";
import { formatNames, formatOf, importFile, isFormatName } from "../../src/import/import-file.ts";

test.each([
  ["a.conf", "[program:x]\ncommand=y", "supervisord"],
  ["a.ini", "; x\n[include]\nfiles=y", "supervisord"],
  ["any", "[supervisord]\nnodaemon=true", "supervisord"],
  ["a.service", "", "systemd"],
  ["override.conf", "[Service]\nNice=1", "systemd"],
  ["ecosystem.config.js", "module.exports = { apps: [] }", "pm2"],
  ["x.cjs", "exports.apps = []", "pm2"],
  ["x.json", '[{ "script": "a.js" }]', "pm2"],
  ["x.yml", "apps:\n  - script: a.js", "pm2"],
  ["x.yaml", "symfony_process_manager:\n  consumers: {}", "symfony"],
  ["Procfile", "", "procfile"],
  ["Procfile.dev", "web: x", "procfile"],
  ["procs", "web: x\nworker: y", "procfile"],
  ["pm.yaml", "consumers: {}", null],
  ["a.conf", "server { listen 80; }", null],
  ["a.txt", "web: x", null],
  ["x.json", '{ "name": "x" }', null],
  ["empty", "", null],
])("%s with %j is %s", (file, text, format) => {
  expect<string | null>(formatOf(`some/where/${file}`, text)).toBe(format);
});

describe.each(formatNames)("as %s", (name) => {
  test.each([
    "",
    "\0",
    "[",
    "{",
    "a: b: c",
    "[Service]",
    "[program:x]",
    "module.exports = [",
    "apps: {",
    "<xml/>",
    "\u{FDD0}\u{FDD1}",
    "%(",
    "=",
    ":",
  ])("%j is read without an end in sight", (text) => {
    const format = isFormatName(name) ? name : "procfile";
    const origin = { file: "x", text, here: "/srv", cwd: "/srv", processors: 1, read: () => null, find: () => [] };
    expect(() => importFile(format, { ...origin, formation: new Map() })).not.toThrow();
  });
});

import { describe, expect, test } from "bun:test";
import { readJsExport } from "../../src/import/js-literal.ts";
import type { JsValue } from "../../src/import/js-value.ts";
import { yamlText } from "../../src/import/marks.ts";

/** A value as JavaScript would have it; what is unreadable is its source in a list of one. */
function shown(value: JsValue | null): unknown {
  switch (value?.kind) {
    case "text":
      return yamlText(value.text);
    case "number":
      return value.number;
    case "flag":
      return value.flag;
    case "list":
      return value.items.map(shown);
    case "object":
      return Object.fromEntries(value.entries.map((entry) => [entry.key, shown(entry.value)]));
    case "unreadable":
      return { unreadable: value.source, line: value.line };
    default:
      return null;
  }
}

const read = (text: string): unknown => shown(readJsExport(text, "/srv/app"));
const expression = (text: string): unknown => read(`module.exports = ${text}`);

describe("an expression that is what it says", () => {
  test.each([
    ["'a'", "a"],
    [String.raw`"a\n\u0041\x42\u{43}\'\\"`, "a\nABC'\\"],
    ["`a\nb`", "a\nb"],
    ["`${__dirname}/x-${1 + 1}`", "/srv/app/x-2"],
    ["'a' + \"b\" + 1", "ab1"],
    ["12", 12],
    ["-1", -1],
    ["0x10", 16],
    ["1_000.5e1", 10_005],
    ["60 * 60 * 1000", 3_600_000],
    ["10 + 4 / 2", 12],
    ["(1 + 1) * 3", 6],
    ["true", true],
    ["null", null],
    ["undefined", null],
    ["[1, 'a', [], ]", [1, "a", []]],
    ["{ a: 1, 'b-c': 2, 3: 4, $d_: {}, }", { a: 1, "b-c": 2, 3: 4, $d_: {} }],
    ["{ /* a */ a: 1, // b: 2\n b: 3 }", { a: 1, b: 3 }],
    ["{ ...{ a: 1, b: 1 }, b: 2 }", { a: 1, b: 2 }],
    ["process.env.HOME_1", "${HOME_1}"],
    ["process.env['HOME']", "${HOME}"],
    ["`${process.env.A}/b`", "${A}/b"],
    ["process.env.A || 'b'", "${A:-b}"],
    ["process.env.A ?? 3", "${A:-3}"],
    ["process.env.A || process.env.B", "${A:-${B}}"],
    ["process.env.A || ''", "${A:-}"],
    ["'' || 'b'", "b"],
    ["'a' || 'b'", "a"],
    ["__dirname", "/srv/app"],
    ["__dirname + '/dist'", "/srv/app/dist"],
    ["path.join(__dirname, '..', 'x', 'y.js')", "/srv/x/y.js"],
    ["path.resolve(__dirname, 'x')", "/srv/app/x"],
    ["path.resolve(__dirname, '/x')", "/x"],
    ["'${NOT_A_VARIABLE}'", "$${NOT_A_VARIABLE}"],
  ])("%s", (text, value) => {
    expect(expression(text)).toEqual(value);
  });
});

describe("an expression only a run could tell", () => {
  test.each([
    "cpus().length",
    "a",
    "process.cwd()",
    "process.env",
    "process.env.A ? 1 : 2",
    "process.env[name]",
    "process.env.A || '}'",
    "() => 1",
    "async () => { return { apps: [] } }",
    "function f() { return [1, 2] }",
    "new Date()",
    "require('./x.json')",
    "`a${b}`",
    "`${`",
    "['a'].map((x) => x)",
    "!true",
    "typeof 1",
    "1 - 2",
    "'a' * 2",
    "path.join(process.env.A, process.env.B)",
    "path.resolve('x')",
    "-'a'",
  ])("%s is left unread", (text) => {
    expect(expression(`{ before: 1, it: ${text}, after: 2 }`)).toEqual({
      before: 1,
      it: { unreadable: text, line: 1 },
      after: 2,
    });
  });

  test("its line is that of the file", () => {
    expect(read("// one\nmodule.exports = {\n  a: 1,\n  b: f(\n 1),\n}")).toEqual({
      a: 1,
      b: { unreadable: "f( 1)", line: 4 },
    });
  });

  test.each(["{ [a]: 1 }", "{ a() { return 1 } }", "{ get a() { return 1 } }", "{ a, b: 2 }", "{ ...a }"])(
    "%s keeps what it hides in sight",
    (text) => {
      expect(JSON.stringify(expression(text))).toContain("unreadable");
    },
  );
});

describe("a file", () => {
  test.each([
    ['{ "a": [1] }', { a: [1] }],
    ["\u{FEFF}[1]", [1]],
    ["#!/usr/bin/env node\n'use strict'\nmodule.exports = { a: 1 };\n", { a: 1 }],
    ["export default { a: 1 }", { a: 1 }],
    ["exports.apps = [1]", { apps: [1] }],
    ["module.exports.apps = [1]", { apps: [1] }],
    ["module.exports = { a: 1 }; exports.apps = [1]", { a: 1 }],
    ["import path from 'node:path'\nimport os from 'os'\nexport default { a: path.join('x', 'y') }", { a: "x/y" }],
    [
      "const { join } = require('path');\nconst b = { c: 1 }\nlet d = 'e'\nmodule.exports = { b, d: d + 'f' }",
      { b: { c: 1 }, d: "ef" },
    ],
    ["const a = f()\nmodule.exports = { a }", { a: { unreadable: "a", line: 2 } }],
    ["function f() { return { a: ';' } }\nmodule.exports = { a: 1 }", { a: 1 }],
    ["const x = 1", null],
    ["", null],
  ])("%j", (text, value) => {
    expect(read(text)).toEqual(value);
  });

  test.each([
    "module.exports = {",
    "module.exports = { a: [1, 2",
    "module.exports = '",
    "{ a: `",
    "}",
    "[[[[",
    "\\",
    "{a:{a:{a:",
  ])("%j is read as far as it goes, without an end in sight", (text) => {
    expect(() => read(text)).not.toThrow();
  });

  test("many unreadable values are no deep nesting", () => {
    expect(expression(`[${"f(), ".repeat(300)}[[1]]]`)).toEqual([
      ...Array.from({ length: 300 }, () => ({ unreadable: "f()", line: 1 })),
      [[1]],
    ]);
  });

  test("nesting beyond reason is unreadable", () => {
    expect(JSON.stringify(expression(`${"[".repeat(5000)}${"]".repeat(5000)}`))).toContain("unreadable");
    expect(JSON.stringify(expression(`${"(".repeat(5000)}1${")".repeat(5000)}`))).toContain("unreadable");
    expect(JSON.stringify(expression(`${"-".repeat(5000)}1`))).toContain("unreadable");
  });
});

import { describe, expect, test } from "bun:test";
import { commandOfLine } from "../../src/import/shell-line.ts";

describe("a line that needs no shell", () => {
  test.each([
    ["node server.js", ["node", "server.js"]],
    ["  php artisan queue:work --name='a b' \"c d\"  ", ["php", "artisan", "queue:work", "--name=a b", "c d"]],
    ["printf '%s' '$HOME * ; |'", ["printf", "%s", "$HOME * ; |"]],
    ["echo a\\ b \\$x", ["echo", "a b", "$x"]],
    ["curl http://x/?a=b#c", null],
    ["node a.js b#c", ["node", "a.js", "b#c"]],
  ])("%s", (line, words) => {
    const command = commandOfLine(line);
    expect(command.words[0] === "sh" ? null : command.words).toEqual(words);
    expect(command.shellStays).toBe(false);
  });

  test("variables in front of it are its environment", () => {
    expect(commandOfLine("A=1 B_2=x/y:z node a.js")).toEqual({
      words: ["node", "a.js"],
      env: { A: "1", B_2: "x/y:z" },
      shellStays: false,
    });
  });
});

describe("a line that needs a shell", () => {
  test.each([
    ["node a.js -p $PORT", "exec node a.js -p $PORT"],
    ['node a.js -p "$PORT"', 'exec node a.js -p "$PORT"'],
    ["node a.js > log 2>&1", "exec node a.js > log 2>&1"],
    ["node a.js &> log", "exec node a.js &> log"],
    ["node *.js", "exec node *.js"],
    ["node ~/a.js", "exec node ~/a.js"],
    ["a && b", "a && exec b"],
    ["a; b $x", "a; exec b $x"],
    ["a $(b && c) d", "exec a $(b && c) d"],
    ["cd x && A=1 node b.js", "cd x && exec env A=1 node b.js"],
    ['A="b c" node d.js', 'exec env A="b c" node d.js'],
    ["A=$B node d.js", "exec env A=$B node d.js"],
    ["cd x && exec node b.js", "cd x && exec node b.js"],
    ["exec node b.js", "exec node b.js"],
    ["a '&&' b $x", "exec a '&&' b $x"],
  ])("%s", (line, run) => {
    expect(commandOfLine(line)).toEqual({ words: ["sh", "-c", run], env: {}, shellStays: false });
  });

  test.each([
    "a | b",
    "a || b",
    "a & b",
    "a && b | c",
    "(a; b)",
    "while true; do a; done",
    "if a; then b; fi",
    "a && { b; c; }",
    "a; cd b",
    "a &",
  ])("%s keeps its shell", (line) => {
    expect(commandOfLine(line)).toEqual({ words: ["sh", "-c", line], env: {}, shellStays: true });
  });
});

import { describe, expect, test } from "bun:test";
import { parseDotenv } from "../../src/config/dotenv.ts";

describe("parseDotenv", () => {
  test.each([
    ["A=1", [["A", "1"]]],
    [
      "\u{FEFF}A=1\r\nB=2\r\n",
      [
        ["A", "1"],
        ["B", "2"],
      ],
    ],
    ["export A = x y ", [["A", "x y"]]],
    ["# c\n\n  # d\nA=1 # e", [["A", "1"]]],
    ["A=x#y", [["A", "x#y"]]],
    ["A=", [["A", ""]]],
    ["A= # nothing", [["A", ""]]],
    ["A='x # $y \\n'", [["A", "x # $y \\n"]]],
    ['A="x\\n\\"y\\" \\$z" # c', [["A", 'x\n"y" $z']]],
    [
      'A="one\ntwo"\nB=3',
      [
        ["A", "one\ntwo"],
        ["B", "3"],
      ],
    ],
    ["A=b=c", [["A", "b=c"]]],
  ])("%j gives %j", (text, values) => {
    expect(parseDotenv(text)).toEqual({
      values: values.map(([name = "", value = ""]) => [name, value] as const),
      problems: [],
    });
  });

  test.each([
    ["A=1\nnonsense", 2, "is not NAME=value"],
    ["1A=1", 1, "is not NAME=value"],
    ["A='x\nB=1", 1, "the quote (') of A is never closed"],
    ['A="x" y', 1, "quote the whole value"],
  ])("%j has a problem in line %d: %s", (text, line, fragment) => {
    const [problem] = parseDotenv(text).problems;
    expect(problem).toEqual({ line, message: expect.stringContaining(fragment) });
  });

  test("what follows an unclosed quote is still read", () => {
    expect(parseDotenv("A='x\nB=1").values).toEqual([["B", "1"]]);
  });

  test("a problem never shows a value", () => {
    expect(JSON.stringify(parseDotenv('A="hunter2" hunter2\nB=\'hunter2\nhunter2').problems)).not.toContain("hunter2");
  });
});

import { describe, expect, test } from "bun:test";
import { readExecWords } from "../../src/system/exec-words.ts";

describe("the words of pm __exec", () => {
  test("are done in the order that the kernel needs, whatever their own; those of one kind in theirs", () => {
    const words = ["P1", "d9", "N", "U3", "g2", "G", "u027", "p-5", "o-1", "r9:1:2", "r7:1:2", "c/x"];
    expect(readExecWords([...words, "--", "/bin/a", "a", "-b", "--"])).toEqual({
      settings: ["c/x", "r9:1:2", "r7:1:2", "o-1", "p-5", "u027", "G", "g2", "U3", "N", "d9", "P1"].map((word) => ({
        letter: word.charAt(0),
        value: word.slice(1),
      })),
      program: "/bin/a",
      argv: ["a", "-b", "--"],
    });
  });

  test.each([[[]], [["u1"]], [["--"]], [["--", "/bin/a"]]])("without a program are refused: %j", (words) => {
    expect(readExecWords(words)).toBe("-- and a program with its name are missing");
  });

  test.each([
    "x1",
    "",
    "u8",
    "u",
    "r7:1",
    "r7:1:2:3",
    "r7:-1:2",
    "p5a",
    "p",
    "G1,",
    "Ga",
    "g",
    "U-1",
    "N1",
    "d",
    "P",
    "c",
  ])("that are no settings are refused: %j", (word) => {
    expect(readExecWords([word, "--", "/bin/a", "a"])).toBe(`not a setting: ${word}`);
  });
});

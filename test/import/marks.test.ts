import { describe, expect, test } from "bun:test";
import { interpolate } from "../../src/config/interpolate.ts";
import { argvOf, onlyVariable, shell, variable, yamlText } from "../../src/import/marks.ts";

const filledIn = (text: string, env: Readonly<Record<string, string>>): string =>
  interpolate(text, env)
    .pieces.map((piece) => piece.text)
    .join("");

describe("a text in a pm.yaml", () => {
  test.each(["plain", "$", "$$", "$$$", "$HOME", "${HOME}", "$${HOME}", "a$${b$", "$(x)", "{}", "$$$$ ${ $"])(
    "%j means itself",
    (text) => {
      expect(interpolate(yamlText(text), {}).problems).toEqual([]);
      expect(filledIn(yamlText(text), {})).toBe(text);
    },
  );

  test.each([
    [`a${variable("X")}b`, "a-x-b"],
    [`$${variable("X")}`, "$-x-"],
    [`$$${variable("X")}{`, "$$-x-{"],
    [variable("NONE", "fallback"), "fallback"],
    [variable("NONE", ""), ""],
    [`${variable("X")}${variable("X")}`, "-x--x-"],
  ])("%j holds variables", (text, meant) => {
    expect(filledIn(yamlText(text), { X: "-x-" })).toBe(meant);
  });

  test.each([
    [variable("A"), "A"],
    [variable("A", "1"), "A"],
    [`${variable("A")}x`, null],
    ["A", null],
  ])("%j is one variable: %j", (text, name) => {
    expect(onlyVariable(text)).toBe(name);
  });
});

describe("words for a shell", () => {
  test.each([
    [["a b", "c'd", '"', "", "$HOME", "*", "\\", "~", "a\nb", "#"]],
    [["x=1", "-n", "--", "é", "{a,b}", "!", "`id`", "$(id)"]],
  ])("%j arrive as they are", (words) => {
    const argv = argvOf(["printf", "%s\\0", ...words, shell('"$SLOT"')]);
    const { stdout } = Bun.spawnSync([...argv], { env: { PATH: process.env["PATH"], SLOT: "3" } });
    expect(argv[0]).toBe("sh");
    expect(stdout.toString().split("\0")).toEqual([...words, "3", ""]);
  });

  test.each([
    [`w${shell("$SLOT")}_x`, "w3_x"],
    [`${shell("$SLOT")}.service`, "3.service"],
    [`${shell('"$(printf %02d $SLOT)"')}${shell("$SLOT")}1`, "0331"],
    [`${variable("NAME")}-${shell("$SLOT")}`, "a  b-3"],
    [`${variable("NONE", "none")}-${shell("$SLOT")}`, "none-3"],
  ])("%j is one word", (word, meant) => {
    const argv = argvOf(["printf", "[%s]", word]);
    const { stdout } = Bun.spawnSync([...argv], { env: { PATH: process.env["PATH"], SLOT: "3", NAME: "a  b" } });
    expect(stdout.toString()).toBe(`[${meant}]`);
  });

  test("without a need for a shell there is none", () => {
    expect(argvOf(["a b", "$x", variable("Y")])).toEqual(["a b", "$x", variable("Y")]);
  });
});

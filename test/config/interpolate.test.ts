import { describe, expect, test } from "bun:test";
import { escapeDollars, interpolate } from "../../src/config/interpolate.ts";
import { fillParameters } from "../../src/config/symfony-parameters.ts";

const env = { A: "1", EMPTY: "", DOLLAR: "${A}%x%", FLOAT: "2.9", YES: "yes", WORD: "w" };
const textOf = (pieces: readonly { text: string }[]): string => pieces.map(({ text }) => text).join("");

describe("interpolate", () => {
  test.each([
    ["plain", "plain"],
    ["x${A}y", "x1y"],
    ["${A}${A}", "11"],
    ["${EMPTY}", ""],
    ["${EMPTY:-d}", "d"],
    ["${NONE:-}", ""],
    ["${NONE:-a:b c}", "a:b c"],
    ["${NONE:-${A}}", "1"],
    ["${NONE:-${NONE:-deep}}!", "deep!"],
    ["${A:?must}", "1"],
    ["$${A}", "${A}"],
    ["$$", "$"],
    ["cost $5 $HOME $", "cost $5 $HOME $"],
    ["${DOLLAR}", "${A}%x%"],
  ])("%s becomes %s", (text, filled) => {
    const result = interpolate(text, env);
    expect([textOf(result.pieces), result.problems]).toEqual([filled, []]);
  });

  test.each([
    ["${NONE}", "NONE is not set; set it, or write ${NONE:-default}"],
    ["${NONE:?ask Bob}", "NONE must be set: ask Bob"],
    ["${EMPTY:?ask Bob}", "EMPTY must be set: ask Bob"],
    ["${NONE:-${ALSO}}", "ALSO is not set"],
    ["${A", "close it"],
    ["${}", "use one of these"],
    ["${1A}", "use one of these"],
    ["${A-b}", "${VAR:-default}"],
  ])("%s is refused: %s", (text, fragment) => {
    expect(interpolate(text, env).problems.join()).toContain(fragment);
  });

  test.each(["$", "$$", "${A}", "$${A}", "a$b${", "$$$", "x"])("%s survives escaping", (text) => {
    expect(textOf(interpolate(escapeDollars(text), env).pieces)).toBe(text);
  });
});

const fill = (text: string) => fillParameters(interpolate(text, env).pieces, { projectDirectory: "/app", env });

describe("fillParameters", () => {
  test.each([
    ["%kernel.project_dir%/bin", "/app/bin"],
    ["%env(A)%", "1"],
    ["%env(int:FLOAT)%", "2"],
    ["%env(float:FLOAT)%", "2.9"],
    ["%env(bool:YES)%", "true"],
    ["%env(bool:WORD)%", "false"],
    ["%env(string:WORD)%", "w"],
    ["100%", "100%"],
    ["50% of 80% or", "50% of 80% or"],
    ["100%%", "100%"],
    ["${DOLLAR}", "${A}%x%"],
  ])("%s becomes %s", (text, filled) => {
    const result = fill(text);
    expect([textOf(result.pieces), result.problems]).toEqual([filled, []]);
  });

  test.each([
    ["%env(NONE)%", "NONE is not set"],
    ["%env(int:WORD)%", "holds no number"],
    ["%env(default:fallback:NONE)%", "write ${NONE:-the default}"],
    ["%env(json:A)%", "write ${A}"],
    ["%app.limit%", "write the value itself"],
  ])("%s is refused: %s", (text, fragment) => {
    expect(fill(text).problems.join()).toContain(fragment);
  });
});

import { describe, expect, test } from "bun:test";
import { splitWords } from "../../src/config/words.ts";

describe("splitWords", () => {
  test.each([
    ["php worker.php", ["php", "worker.php"]],
    ["  a   b\t c\nd ", ["a", "b", "c", "d"]],
    [`a 'b c' "d e"`, ["a", "b c", "d e"]],
    [`a''b "c"'d'`, ["ab", "cd"]],
    [`a ''`, ["a", ""]],
    [String.raw`a\ b \"c\"`, ["a b", '"c"']],
    [String.raw`"a\"b\\c\d"`, [String.raw`a"b\c\d`]],
    [String.raw`'a\b'`, [String.raw`a\b`]],
    ["a \\\n  b\\\nc", ["a", "bc"]],
    [`a '|' "&&" \\;`, ["a", "|", "&&", ";"]],
    ["curl http://x/?a=1&b=2", ["curl", "http://x/?a=1&b=2"]],
    ["php $FILE *.php --x=$y", ["php", "$FILE", "*.php", "--x=$y"]],
    ["", []],
  ])("%p gives %p", (text, words) => {
    expect(splitWords(text)).toEqual({ ok: true, words });
  });

  test.each([
    ["a 'b", "single quote (') is never closed"],
    ['a "b', 'double quote (") is never closed'],
    ["a \\", "ends with a backslash"],
    ["a | b", "| needs a shell"],
    ["a && b", "&& needs a shell"],
    ["a; b", "; needs a shell"],
    ["a > out.txt", "> needs a shell"],
    ["a 2>&1", "2>& needs a shell"],
    ["a < in", "< needs a shell"],
    ["a &", "& needs a shell"],
    ["a $(b)", "$(…) needs a shell"],
    ["a `b`", "`…` needs a shell"],
    ["X=1 a", "move it to env"],
  ])("%p is refused: %s", (text, fragment) => {
    const result = splitWords(text);
    expect(result.ok ? "accepted" : result.problem).toContain(fragment);
  });

  test("a shell operator is answered with the form that works", () => {
    const result = splitWords("a | b");
    expect(result.ok ? "accepted" : result.problem).toContain('write [sh, -c, "…"]');
  });
});

import { expect, test } from "bun:test";
import { decodeKeys, keysOfRest } from "../../src/top/keys.ts";

test.each([
  ["letters", "rR?", ["r", "R", "?"], ""],
  ["arrows", "\u001B[A\u001B[B\u001B[C\u001B[D", ["up", "down", "right", "left"], ""],
  ["arrows of the application mode", "\u001BOA\u001BOB", ["up", "down"], ""],
  ["pages and ends", "\u001B[5~\u001B[6~\u001B[H\u001B[4~", ["page_up", "page_down", "home", "end"], ""],
  ["Enter, Tab, backspace", "\r\n\t\u007F\b", ["enter", "enter", "tab", "backspace", "backspace"], ""],
  ["what Ctrl gives", "\u0003\u000C\u001A", ["ctrl-c", "ctrl-l", "ctrl-z"], ""],
  ["unknown control characters", "\u0001\u0000", [], ""],
  ["unknown sequences", "\u001B[15~\u001B[1;5A\u001B[<0;1;1Mq", ["q"], ""],
  ["a letter with Alt", "\u001Br", [], ""],
  ["a letter beyond ASCII", "ü漢", ["ü", "漢"], ""],
  ["half a sequence", "j\u001B[", ["j"], "\u001B["],
  ["half a sequence with a number", "\u001B[5", [], "\u001B[5"],
  ["the beginning of any sequence", "\u001B", [], "\u001B"],
  ["two Escapes", "\u001B\u001B", ["escape"], "\u001B"],
  ["a paste", "\u001B[200~sy\nRy\u001B[201~q", ["q"], ""],
  ["half a paste", "j\u001B[200~sysysysy", ["j"], "\u001B[200~ysysy"],
])("%s", (_, text, keys, rest) => expect(decodeKeys(text)).toEqual({ keys, rest }));

test("a sequence may come byte by byte", () => {
  const keys: string[] = [];
  let rest = "";
  for (const byte of "\u001B[Aj\u001B[200~ry\u001B[201~\u001BOBk") {
    const typed = decodeKeys(rest + byte);
    keys.push(...typed.keys);
    ({ rest } = typed);
  }
  expect(keys).toEqual(["up", "j", "down", "k"]);
});

test.each([
  ["an Escape that nothing follows is the key", "\u001B", { keys: ["escape"], rest: "" }],
  ["half a sequence that nothing follows is nothing", "\u001B[5", { keys: [], rest: "" }],
  ["a paste goes on until its end", "\u001B[200~ry", { keys: [], rest: "\u001B[200~ry" }],
])("%s", (_, rest, expected) => expect(keysOfRest(rest)).toEqual(expected));

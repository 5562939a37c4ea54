import { expect, test } from "bun:test";
import { Keyboard } from "../../src/top/keyboard.ts";

test("a sequence that comes in two pieces is one key, and an Escape that stays alone is one, too", async () => {
  const keys: string[] = [];
  const escaped = Promise.withResolvers<void>();
  const keyboard = new Keyboard((key) => {
    keys.push(key);
    if (key === "escape") escaped.resolve();
  });
  keyboard.type("j\u001B");
  keyboard.type("[A");
  keyboard.type("\u001B");
  await escaped.promise;
  expect(keys).toEqual(["j", "up", "escape"]);
});

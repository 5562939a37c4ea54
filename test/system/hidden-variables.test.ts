import { expect, test } from "bun:test";
import { restoreHiddenVariables } from "../../src/system/hidden-variables.ts";

test.each<[string, Record<string, string>, string, Record<string, string>]>([
  [
    "what the stub hides comes back",
    { A: "1" },
    "A=1\0BUN_OPTIONS=--smol\0LD_PRELOAD=/a.so\0",
    { A: "1", BUN_OPTIONS: "--smol", LD_PRELOAD: "/a.so" },
  ],
  ["what is there stays", { LD_X: "now" }, "LD_X=then\0", { LD_X: "now" }],
  ["other variables are not brought back", {}, "A=1\0BUNDLE=1\0XBUN_A=1\0BUN=1\0", {}],
  ["a value may hold anything", {}, "LD_A==b=c\nd \0LD_B=\0", { LD_A: "=b=c\nd ", LD_B: "" }],
  ["of two the first one counts, as everywhere", {}, "BUN_A=1\0BUN_A=2\0", { BUN_A: "1" }],
  ["what is no variable is left out", {}, "BUN_A\0\0=LD_A", {}],
  ["nothing is nothing", {}, "", {}],
])("%s", (_, env, given, restored) => {
  restoreHiddenVariables(env, given);
  expect(env).toEqual(restored);
});

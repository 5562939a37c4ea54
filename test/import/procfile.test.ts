import { describe, expect, test } from "bun:test";
import { importText, keysOf, lossesOf } from "./import-text.ts";

test("each line is a consumer, in order; comments and empty lines are none", () => {
  const { consumers, losses } = importText("procfile", "# x\n\nb: one two\n  a-1_c:three\r\n");
  expect(consumers.map(({ name, keys }) => [name, keys.get("command")])).toEqual([
    ["b", ["one", "two"]],
    ["a-1_c", ["three"]],
  ]);
  expect(losses).toEqual([]);
});

test("the release phase is told, and not run", () => {
  expect(importText("procfile", "release: rake db:migrate").consumers).toEqual([]);
  expect(lossesOf("procfile", "release: rake db:migrate")).toEqual([
    expect.stringMatching(/^Procfile:1: release: ran once/u),
  ]);
});

test.each([
  ["web: node a.js", /traffic/u],
  ["web: node a.js -p $PORT", /PORT of its own/u],
  ["x: node a.js -p ${PORT:-80}", /PORT of its own/u],
  ["x: a | b", /more than one program/u],
])("%s has a word of its own", (line, said) => {
  expect(lossesOf("procfile", line)).toEqual([expect.stringMatching(said)]);
});

describe("--formation", () => {
  const formation = new Map([
    ["a", 3],
    ["b", 0],
    ["z", 1],
  ]);
  test("says how many workers run", () => {
    expect(keysOf("procfile", "a: cat", { formation })).toMatchObject({ processes: 3 });
    expect(keysOf("procfile", "c: cat", { formation })).not.toHaveProperty("processes");
  });
  test("tells of what it names in vain", () => {
    const losses = lossesOf("procfile", "a: cat\nb: cat\n", { formation });
    expect(losses).toEqual([
      expect.stringContaining("--formation z: names no process of this Procfile"),
      expect.stringContaining("b: had a formation of 0"),
    ]);
  });
});

test("a .env beside it is read by every consumer", () => {
  const given = { here: "/srv/app/sub", read: (path: string) => (path === "/srv/app/sub/.env" ? "A=1" : null) };
  expect(keysOf("procfile", "a: cat", given)).toMatchObject({ env_file: "sub/.env" });
  expect(keysOf("procfile", "a: cat")).not.toHaveProperty("env_file");
});

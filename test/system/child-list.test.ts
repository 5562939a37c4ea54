import { expect, test } from "bun:test";
import { childPids, environmentOf, parentOf } from "../../src/system/child-list.ts";

test.each([
  ["17 (sh) S 4 17 17 0 -1", 4],
  ["17 (a) S 9) (b) R 4 17 17 0 -1", 4],
  ["", Number.NaN],
])("the parent in %p is %p", (stat, parent) => {
  expect(parentOf(stat)).toBe(parent);
});

test("a child is listed with its environment while it lives, and neither after", async () => {
  const child = Bun.spawn(["sleep", "1000"], { env: { PATH: process.env["PATH"], MARK: "x" } });
  expect(childPids()).toContain(child.pid);
  expect(environmentOf(child.pid)?.split("\0")).toContain("MARK=x");
  child.kill("SIGKILL");
  await child.exited;
  expect(childPids()).not.toContain(child.pid);
  expect(environmentOf(child.pid)).toBeNull();
});

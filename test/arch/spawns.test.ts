import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const src = join(import.meta.dir, "..", "..", "src");
const files = [...new Bun.Glob("**/*.ts").scanSync(src)];

const others = /\bspawnSync\b|\bBun\.\$|node:child_process/u;

test("all that pm starts is known to the reaper, which would else take its exit code", () => {
  const strays = files.filter((file) => {
    // Comments are gone from what is searched.
    const code = new Bun.Transpiler({ loader: "ts" }).transformSync(readFileSync(join(src, file), "utf8"));
    return others.test(code) || /\bBun\.spawn\(/u.test(code.replaceAll(/\bowned\(\s*Bun\.spawn\(/gu, ""));
  });
  expect(strays).toEqual([]);
});

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../src/config/load.ts";
import { formatIssue } from "../../src/config/issue.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "pm-load-"));
  mkdirSync(join(folder, "dir"));
  writeFileSync(join(folder, "empty.yaml"), "");
  writeFileSync(join(folder, "latin1.yaml"), Buffer.from([0x61, 0x3a, 0xe9]));
  writeFileSync(join(folder, "good.yaml"), "consumers: {a: {command: [x], env_file: .env}}");
  writeFileSync(join(folder, ".env"), "A=1\n");
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("loadConfig", () => {
  test.each([
    ["none.yaml", "none.yaml:1:1: there is no such file; run `pm init`"],
    ["dir", "dir:1:1: this is a directory; name the file in it"],
    ["empty.yaml", "empty.yaml:1:1: the file is empty"],
    ["latin1.yaml", "latin1.yaml:1:1: the file is not UTF-8 text"],
    ["good.yaml/x", "good.yaml/x:1:1: there is no such file"],
  ])("%s is one clear issue", (file, said) => {
    const result = loadConfig(file, { cwd: folder, env: {} });
    const issues = result.ok ? [] : result.issues.map(formatIssue);
    expect(issues).toEqual([expect.stringContaining(said)]);
  });

  test("reads a file and those it names", () => {
    const result = loadConfig("good.yaml", { cwd: folder, env: {} });
    expect(result.ok && [result.spec.file, result.spec.consumers[0]?.env, result.spec.consumers[0]?.cwd]).toEqual([
      join(folder, "good.yaml"),
      { A: "1" },
      folder,
    ]);
  });
});

import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "bun:test";
import { archive, type Entry } from "../../scripts/release/archive.ts";
import { sumsOf } from "../../scripts/release/sums.ts";
import { missing } from "../support/needs.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const epochSeconds = 1_700_000_000;
const program: Entry = { path: "pm-1/pm", bytes: bytes("#!/bin/sh\necho 1\n"), executable: true };
const licence: Entry = { path: "pm-1/LICENSE", bytes: bytes("free"), executable: false };
const empty: Entry = { path: "pm-1/a/empty", bytes: bytes(""), executable: false };
const block: Entry = { path: "pm-1/a/block", bytes: bytes("x".repeat(512)), executable: false };

describe("an archive", () => {
  const reason = missing("tar");
  if (reason !== null) console.warn(`skipping tar's own reading of an archive: ${reason}`);

  test.skipIf(reason !== null)("is unpacked by tar to the same files, modes and times", () => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, "pm.tar.gz"), archive([program, licence, empty, block], epochSeconds));
    const tar = Bun.spawnSync(["tar", "-xzf", "pm.tar.gz"], { cwd: folder.path });
    expect([tar.exitCode, tar.stderr.toString()]).toEqual([0, ""]);
    for (const entry of [program, licence, empty, block]) {
      const file = join(folder.path, entry.path);
      const { mode, mtimeMs } = statSync(file);
      expect(Buffer.compare(readFileSync(file), entry.bytes)).toBe(0);
      expect([(mode & 0o100) !== 0, mtimeMs]).toEqual([entry.executable, epochSeconds * 1000]);
    }
  });

  test("is the same in whatever order its files come", () => {
    const one = archive([program, licence, empty], epochSeconds);
    expect(Buffer.compare(one, archive([empty, licence, program], epochSeconds))).toBe(0);
  });

  test("has no time and no system in its own header", () => {
    expect([...archive([program], epochSeconds).subarray(4, 10)]).toEqual([0, 0, 0, 0, 0, 255]);
  });

  test("takes no path that its header has no room for", () => {
    const long = { ...program, path: "x".repeat(101) };
    expect(() => archive([long], epochSeconds)).toThrow("is too long for an archive: 100 bytes at most");
  });
});

describe("SHA256SUMS", () => {
  const reason = missing("sha256sum");
  if (reason !== null) console.warn(`skipping sha256sum's own reading of SHA256SUMS: ${reason}`);

  test.skipIf(reason !== null)("is what sha256sum -c takes, and refuses when a file has changed", () => {
    using folder = temporaryFolder();
    const files = new Map([
      ["b", bytes("text")],
      ["a", bytes("bytes")],
    ]);
    files.forEach((content, name) => writeFileSync(join(folder.path, name), content));
    writeFileSync(join(folder.path, "SHA256SUMS"), sumsOf(files));
    const check = () => Bun.spawnSync(["sha256sum", "-c", "SHA256SUMS"], { cwd: folder.path, stderr: "pipe" });
    expect([check().exitCode, check().stdout.toString()]).toEqual([0, "a: OK\nb: OK\n"]);
    writeFileSync(join(folder.path, "a"), "other");
    expect(check().exitCode).toBe(1);
  });
});

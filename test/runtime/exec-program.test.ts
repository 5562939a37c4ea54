import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../../src/runtime/exec-program.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const { path: folder, [Symbol.dispose]: remove } = temporaryFolder();
afterAll(remove);

function program(name: string, text: string | Uint8Array, mode = 0o755): void {
  writeFileSync(join(folder, name), text);
  chmodSync(join(folder, name), mode);
}

mkdirSync(join(folder, "bin"));
mkdirSync(join(folder, "folder"));
program("script", "#!/bin/sh\nexit 0\n");
program("with-blanks", "#! \t/bin/sh -e\nexit 0\n");
program("bin/tool", "#!/bin/sh\nexit 0\n");
program("no-x", "#!/bin/sh\n", 0o644);
program("bin/no-x", "#!/bin/sh\n", 0o644);
program("no-interpreter", "#!/nowhere/interpreter\n");
program("no-format", "text\n");
program("empty", "");
program("elf-but-not", "\u{7f}ELF, but not really\n");
program("hidden", "#!/bin/sh\nexit 0\n", 0o711);
copyFileSync("/bin/true", join(folder, "true"));
const foreign = readFileSync("/bin/true");
foreign.writeUInt16LE(8, 18); // MIPS
program("foreign", foreign);
symlinkSync("script", join(folder, "link"));
symlinkSync("nothing", join(folder, "dangling"));
symlinkSync("loop", join(folder, "loop"));

/** What Bun.spawn makes of it: its error code, or null. */
function spawned(name: string, path: string, cwd: string): string | null {
  try {
    Bun.spawnSync([name], { cwd, env: { PATH: path }, stdio: ["ignore", "ignore", "ignore"] });
    return null;
  } catch (error) {
    return codeOf(error);
  }
}

function found(name: string, path: string, cwd: string): string | null {
  try {
    expect(findProgram(name, cwd, path)).toStartWith("/");
    return null;
  } catch (error) {
    return codeOf(error);
  }
}

const codeOf = (error: unknown): string => (error instanceof Error && "code" in error ? String(error.code) : "none");

const kernelKnowsMore = await Bun.file("/proc/sys/fs/binfmt_misc/status").exists();
if (kernelKnowsMore) console.warn("skipping what is no program: this kernel may run more than usual");

describe("the program of a worker", () => {
  test.each([
    ["./script"],
    ["./with-blanks"],
    ["bin/tool"],
    [join(folder, "script")],
    ["./link"],
    ["./hidden"],
    ["./true"],
    ["tool"],
    ["sh"],
  ])("%s is found", (name) => {
    expect(found(name, `${join(folder, "bin")}:/bin`, folder)).toBeNull();
  });

  test.each([
    ["no-such-program", "ENOENT"],
    ["./no-such-program", "ENOENT"],
    ["./dangling", "ENOENT"],
    ["./script/below", "ENOTDIR"],
    ["./loop", "ELOOP"],
    ["./no-x", "EACCES"],
    ["no-x", "ENOENT"],
    ["./folder", "EACCES"],
    ["./no-interpreter", "ENOENT"],
    ["", "ENOENT"],
  ])("%s is refused as Bun.spawn refuses it: %s", (name, code) => {
    const path = `${join(folder, "bin")}:/bin`;
    expect([found(name, path, folder), spawned(name, path, folder)]).toEqual([code, code]);
  });

  test.skipIf(kernelKnowsMore).each([["./no-format"], ["./empty"], ["./elf-but-not"], ["./foreign"]])(
    "%s is no program to pm and to Bun.spawn",
    (name) => {
      expect([found(name, "/bin", folder), spawned(name, "/bin", folder)]).toEqual(["ENOEXEC", "ENOEXEC"]);
    },
  );

  test.each([["sh"], ["./script"]])("a working directory that is missing is told before %s", (name) => {
    expect([found(name, "/bin", "/nowhere"), spawned(name, "/bin", "/nowhere")]).toEqual(["ENOENT", "ENOENT"]);
  });

  test("a PATH of the worker's own decides which program a name means", () => {
    program("bin/sh", "#!/bin/sh\n");
    expect(findProgram("sh", folder, `${join(folder, "bin")}:/bin`)).toBe(join(folder, "bin/sh"));
    expect(findProgram("sh", folder, "bin:/bin")).toBe(join(folder, "bin/sh"));
  });
});

/**
 * Compiles scripts/loader into the committed scripts/loader/loader-x64.bin: `bun scripts/build-loader.ts`. With `--check` it compiles, compares
 * and changes nothing. Needs gcc and binutils; only who changes the stub needs them, since the build takes the committed file.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The compiler that made the committed file; another one's code may differ. */
export const stubCompiler = "gcc 12.2.0";

const folder = join(import.meta.dir, "loader");

/** The committed stub. */
export const stubFile = join(folder, "loader-x64.bin");

// The stub runs before any C library: nothing may call one, no code may need relocating, nothing may be asked of the machine.
const compile = [
  ..."gcc -std=gnu11 -Os -Wall -Wextra -Wpedantic -Werror -march=x86-64 -mno-red-zone".split(" "),
  ..."-ffreestanding -fno-builtin -fno-tree-loop-distribute-patterns -fno-tree-switch-conversion -fno-jump-tables".split(
    " ",
  ),
  ..."-fPIE -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables -fno-ident".split(" "),
  ..."-nostdlib -static-pie -Wl,-T,loader.ld -Wl,--build-id=none -Wl,-z,norelro -Wl,-z,noexecstack".split(" "),
] as const;

/** The compiler here, as `stubCompiler` writes it; null when there is none, or no binutils. */
export function compilerHere(): string | null {
  if (Bun.which("gcc") === null || Bun.which("objcopy") === null) return null;
  return `gcc ${Bun.spawnSync(["gcc", "-dumpfullversion"]).stdout.toString().trim()}`;
}

/** Compiles the stub; throws with the compiler's words when that fails. */
export function compileStub(): Uint8Array {
  const work = mkdtempSync(join(tmpdir(), "pm-loader-"));
  try {
    const elf = join(work, "loader.elf");
    const blob = join(work, "loader.bin");
    run([...compile, "loader.c", "-o", elf]);
    run(["objcopy", "-O", "binary", "-j", ".blob", elf, blob]);
    return new Uint8Array(readFileSync(blob));
  } finally {
    rmSync(work, { recursive: true });
  }
}

function run(command: readonly string[]): void {
  const { exitCode, stderr } = Bun.spawnSync([...command], { cwd: folder });
  if (exitCode !== 0) throw new Error(`${command[0]} failed:\n${stderr.toString()}`);
}

if (import.meta.main) {
  const here = compilerHere();
  if (here === null) {
    console.error("gcc and binutils are needed");
    process.exit(1);
  }
  const bytes = compileStub();
  if (!process.argv.includes("--check")) {
    writeFileSync(stubFile, bytes);
    console.log(`${stubFile}: ${bytes.length} bytes by ${here}; stubCompiler says ${stubCompiler}`);
  } else if (Buffer.compare(bytes, readFileSync(stubFile)) === 0) {
    console.log(`the committed stub is what its source gives (${bytes.length} bytes)`);
  } else {
    console.error(`the committed stub is not what its source gives by ${here}: run \`bun scripts/build-loader.ts\``);
    process.exit(1);
  }
}

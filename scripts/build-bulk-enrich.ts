/**
 * Compiles scripts/bulk-enrich into the committed src/output/bulk-enrich-wasm.ts: `bun scripts/build-bulk-enrich.ts`. With `--check` it
 * compiles, compares and changes nothing. Needs clang and lld; only who changes the C needs them, since the build takes the committed file.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The compiler that made the committed file; another one's code may differ. */
export const bulkCompiler = "clang 14.0.6";

const folder = join(import.meta.dir, "bulk-enrich");

/** The committed module. */
export const bulkFile = join(import.meta.dir, "..", "src", "output", "bulk-enrich-wasm.ts");

const compile = [
  ..."clang --target=wasm32 -std=gnu11 -O3 -msimd128 -Wall -Wextra -Wpedantic -Werror".split(" "),
  ..."-ffreestanding -fno-builtin -fno-ident -nostdlib -Wl,--no-entry -Wl,--strip-all -Wl,--import-memory".split(" "),
  ..."-Wl,--stack-first -Wl,-z,stack-size=4096".split(" "),
] as const;

/** The compiler here, as `bulkCompiler` writes it; null when there is none, or no linker for it. */
export function bulkCompilerHere(): string | null {
  if (Bun.which("clang") === null || Bun.which("wasm-ld") === null) return null;
  return `clang ${Bun.spawnSync(["clang", "-dumpversion"]).stdout.toString().trim()}`;
}

/** Compiles the module to the text of the committed file; throws with the compiler's words when that fails. */
export function compileBulkModule(): string {
  const work = mkdtempSync(join(tmpdir(), "pm-bulk-enrich-"));
  try {
    const file = join(work, "enrich.wasm");
    const { exitCode, stderr } = Bun.spawnSync([...compile, "enrich.c", "-o", file], { cwd: folder });
    if (exitCode !== 0) throw new Error(`clang failed:\n${stderr.toString()}`);
    const text = readFileSync(file).toString("base64");
    return [
      "/** scripts/bulk-enrich as WebAssembly, in base64: written by scripts/build-bulk-enrich.ts. */",
      "// oxfmt-ignore",
      `export const bulkEnrichModule = "${text}";`,
      "",
    ].join("\n");
  } finally {
    rmSync(work, { recursive: true });
  }
}

if (import.meta.main) {
  const here = bulkCompilerHere();
  if (here === null) {
    console.error("clang and lld are needed");
    process.exit(1);
  }
  const text = compileBulkModule();
  if (!process.argv.includes("--check")) {
    writeFileSync(bulkFile, text);
    console.log(`${bulkFile}: ${text.length} bytes by ${here}; bulkCompiler says ${bulkCompiler}`);
  } else if (text === readFileSync(bulkFile, "utf8")) {
    console.log(`the committed module is what its source gives (${text.length} bytes)`);
  } else {
    console.error(
      `the committed module is not what its source gives by ${here}: run \`bun scripts/build-bulk-enrich.ts\``,
    );
    process.exit(1);
  }
}

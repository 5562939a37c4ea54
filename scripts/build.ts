/** Compiles pm into the one file dist/pm. */
import { mkdtempSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { version } from "../package.json";

const root = join(import.meta.dir, "..");
const dist = join(root, "dist");
mkdirSync(dist, { recursive: true });
// Source maps land beside the binary, so it is made in a folder of its own; renaming replaces one that is running.
const folder = mkdtempSync(join(dist, "build-"));

const { exitCode, stderr } = Bun.spawnSync(
  [
    process.execPath,
    "build",
    "--compile",
    "--minify",
    "--bytecode",
    "--format=esm",
    "--splitting",
    "--sourcemap",
    // A stranger's .env or bunfig.toml in the working directory must not reach into pm.
    "--no-compile-autoload-dotenv",
    "--no-compile-autoload-bunfig",
    // Otherwise the build machine's NODE_ENV is frozen into the program.
    "--define=process.env.NODE_ENV=process.env.NODE_ENV",
    `--define=PM_VERSION=${JSON.stringify(version)}`,
    "src/main.ts",
    "src/output/thread.ts",
    `--outfile=${join(folder, "pm")}`,
  ],
  { cwd: root, stdout: "ignore", stderr: "pipe" },
);
if (exitCode === 0) renameSync(join(folder, "pm"), join(dist, "pm"));
rmSync(folder, { recursive: true });
if (exitCode !== 0) {
  console.error(stderr.toString());
  process.exit(exitCode);
}
console.log(`dist/pm ${version}`);

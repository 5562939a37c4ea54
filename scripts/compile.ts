/** Compiles pm to one program by `bun build --compile`. */
import { join } from "node:path";
import { version } from "../package.json";

const root = join(import.meta.dir, "..");

/** The Bun that the program is to carry. */
export interface Runtime {
  /** As `bun build --target` names it. */
  readonly target: string;
  readonly path: string;
}

/**
 * Writes the program to `outfile`, and source maps beside it. Without a runtime, the program carries the Bun that runs this.
 * The same sources give the same bytes in any folder, if the file has the same name. Null, or what the compiler says is wrong.
 */
export function compile(outfile: string, runtime: Runtime | null = null): string | null {
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
      "--tsconfig-override=scripts/compile.tsconfig.json",
      // What runs once, at the start, is not worth compiling further; cli/farm/farm.ts and cli/dispatch.ts end that.
      "--compile-jit-policy=8",
      // A stranger's .env or bunfig.toml in the working directory must not reach into pm.
      "--no-compile-autoload-dotenv",
      "--no-compile-autoload-bunfig",
      // Otherwise the build machine's NODE_ENV is frozen into the program.
      "--define=process.env.NODE_ENV=process.env.NODE_ENV",
      `--define=PM_VERSION=${JSON.stringify(version)}`,
      ...(runtime === null ? [] : [`--target=${runtime.target}`, `--compile-executable-path=${runtime.path}`]),
      "src/main.ts",
      "src/output/thread.ts",
      `--outfile=${outfile}`,
    ],
    { cwd: root, stdout: "ignore", stderr: "pipe" },
  );
  return exitCode === 0 ? null : stderr.toString();
}

import { mkdirSync } from "node:fs";
import { join } from "node:path";

/** The programs of `reference/`, compiled. */
export interface ReferencePrograms {
  readonly worker: string;
  readonly sink: string;
  readonly supervisor: string;
  readonly bareBun: string;
}

const sources = join(import.meta.dir, "reference");
const freestanding = "-static -nostdlib -ffreestanding -fno-stack-protector -fno-tree-loop-distribute-patterns".split(
  " ",
);

/** Compiles them into a folder; returns a text that says why where that is impossible. */
export function compileReference(folder: string): ReferencePrograms | string {
  const compiler = Bun.which("cc") ?? Bun.which("gcc") ?? Bun.which("clang");
  if (compiler === null)
    return "no C compiler (cc) on PATH: neither the worker of all measures nor the reference can be built";
  mkdirSync(folder, { recursive: true });
  const path = (name: string): string => join(folder, name);
  const commands = [
    [compiler, "-O2", ...freestanding, "-o", path("worker"), join(sources, "worker.c")],
    [compiler, "-O2", "-o", path("sink"), join(sources, "sink.c")],
    [compiler, "-O2", "-o", path("supervisor"), join(sources, "supervisor.c")],
    [
      process.execPath,
      "build",
      "--compile",
      "--minify",
      "--bytecode",
      join(sources, "bare-bun.ts"),
      "--outfile",
      path("bare-bun"),
    ],
  ];
  for (const command of commands) {
    const { exitCode, stderr } = Bun.spawnSync(command, { stdout: "ignore", cwd: folder });
    if (exitCode !== 0) return `${command.join(" ")}: ${stderr.toString().split("\n")[0] ?? ""}`;
  }
  return { worker: path("worker"), sink: path("sink"), supervisor: path("supervisor"), bareBun: path("bare-bun") };
}

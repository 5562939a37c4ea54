import { writeSync } from "node:fs";
import type { Outcome } from "./outcome.ts";

/** Prints what a command says and ends the program with its code. A reader that has gone away is no error. */
export function print({ exitCode, stdout, stderr }: Outcome): never {
  writeWhole(1, stdout);
  writeWhole(2, stderr);
  // Timers and sockets that are still open do not keep a finished command alive.
  // oxlint-disable-next-line unicorn/no-process-exit
  process.exit(exitCode);
}

/** Not through process.stdout, which would leave the shared descriptor in a mode that others do not expect. */
function writeWhole(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) return;
      Bun.sleepSync(1);
    }
  }
}

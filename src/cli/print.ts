import { writeSync } from "node:fs";
import type { Outcome } from "./outcome.ts";

/** Prints what a command says and ends the program with its code. A reader that has gone away is no error. */
export function print({ exitCode, stdout, stderr }: Outcome): never {
  writeText(1, stdout);
  writeText(2, stderr);
  // Timers and sockets that are still open do not keep a finished command alive.
  // oxlint-disable-next-line unicorn/no-process-exit
  process.exit(exitCode);
}

/**
 * Writes all of a text; false when nobody reads it any more. Not through process.stdout, which would leave the shared descriptor
 * in a mode that others do not expect.
 */
export function writeText(fd: 1 | 2, text: string): boolean {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) return false;
      Bun.sleepSync(1);
    }
  }
  return true;
}

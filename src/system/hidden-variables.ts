/** Variables that the stub of a packed pm (scripts/loader) hides from Bun and from ld.so, as they could put foreign code into pm. */
import { readFileSync } from "node:fs";

/** As scripts/loader/loader.c has them. */
const hidden = /^(?:BUN|LD)_/u;

/** Puts them back for pm's workers, once Bun has started and looks for them no more. Others, and those that are there, stay as they are. */
export function restoreHiddenVariables(
  env: Record<string, string | undefined> = process.env,
  given: string = givenVariables(),
): void {
  for (const pair of given.split("\0")) {
    const at = pair.indexOf("=");
    const name = pair.slice(0, Math.max(at, 0));
    if (hidden.test(name)) env[name] ??= pair.slice(at + 1);
  }
}

/** What the kernel gave this process at its start. */
function givenVariables(): string {
  try {
    return readFileSync("/proc/self/environ", "utf8");
  } catch {
    return ""; // the file of pm may be run but not read: then its workers go without
  }
}

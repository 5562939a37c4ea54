import { readdirSync, readFileSync } from "node:fs";

/** Live processes (no zombies) in whose environment the text stands: how a test finds all that a farm has started. */
export function processesWith(text: string): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter(
      (pid) =>
        pid > 0 && read(`/proc/${pid}/environ`).includes(text) && !/^\d+ \(.*\) [ZX]/su.test(read(`/proc/${pid}/stat`)),
    );
}

/** Resolves when no process carries the text any more; the kernel tells nobody of that, so it looks again and again. */
export async function goneFromProcessTable(text: string): Promise<void> {
  while (processesWith(text).length > 0) await new Promise(setImmediate);
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/** The files of a control group (v2), by which everything is asked of the kernel. */
import { mkdirSync, readFileSync, rmdirSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What is killed has this long to be gone, at the end of pm. */
const maxEmptyingMs = 1_000;

/** The text of a file; empty when there is none, or none for pm. */
export function readOr(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/** The words in a file. Throws when it cannot be read. */
export const words = (path: string): string[] => readFileSync(path, "latin1").split(/\s+/u).filter(Boolean);

/** Writes to a file that is there. Throws what the kernel says. */
export function write(path: string, text: string): void {
  writeFileSync(path, text, { flag: "r+" });
}

/** Makes a group; it may be there already. */
export function makeGroup(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o755 });
}

/** Kills what is in a group, waits for it for at most a second, and removes the group. */
export async function removeGroup(folder: string): Promise<void> {
  try {
    if (isPopulated(folder)) {
      write(join(folder, "cgroup.kill"), "1");
      await emptied(folder);
    }
    rmdirSync(folder);
  } catch {
    // It goes with the group it is in.
  }
}

/** Resolves when the last process of the group has been reaped; the kernel tells by changing the file. */
async function emptied(folder: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = (): void => {
    if (!isPopulated(folder)) resolve();
  };
  const watcher = watch(join(folder, "cgroup.events"), look);
  const timer = setTimeout(resolve, maxEmptyingMs);
  look();
  await promise;
  clearTimeout(timer);
  watcher.close();
}

function isPopulated(folder: string): boolean {
  return /^populated 1$/mu.test(readOr(join(folder, "cgroup.events")));
}

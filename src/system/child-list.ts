import { readdirSync, readFileSync } from "node:fs";

/** The children of this process, those it has taken in and those that have ended included; about 1 ms for a thousand. */
export function childPids(): readonly number[] {
  const { pid } = process;
  // What is started, and what is taken in, belongs to the first thread.
  const list = read(`/proc/${pid}/task/${pid}/children`);
  if (list !== null) return list.split(" ").filter(Boolean).map(Number);
  return readdirSync("/proc") // a kernel without such lists
    .map(Number)
    .filter((each) => each > 0 && parentOf(read(`/proc/${each}/stat`) ?? "") === pid);
}

/** The parent in a line of /proc/PID/stat; not a number when it is no such line. */
export function parentOf(stat: string): number {
  // The name in parentheses is chosen by the process: it may hold spaces and parentheses, so count from the last one.
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

/** The environment a process was started with, as the kernel keeps it; null when the process has none, is gone, or may not be looked at. */
export function environmentOf(pid: number): string | null {
  return read(`/proc/${pid}/environ`) || null;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return null;
  }
}

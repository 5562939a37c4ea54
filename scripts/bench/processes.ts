import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** The text of a file below /proc; empty when the process is gone. */
function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function list(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** The fields of /proc/PID/stat from the state on; null when the process is gone. */
function statOf(pid: number): readonly string[] | null {
  const text = read(`/proc/${pid}/stat`);
  return text === "" ? null : text.slice(text.lastIndexOf(")") + 2).split(" ");
}

/** Whether there is such a process that has not ended. */
export function isAlive(pid: number): boolean {
  const state = statOf(pid)?.[0];
  return state !== undefined && state !== "Z" && state !== "X";
}

/** All that stems from `root` and lives, but for `except` and what stems from those. */
export function descendants(root: number, except: ReadonlySet<number>): readonly number[] {
  const children = new Map<number, number[]>();
  for (const name of list("/proc")) {
    const pid = Number(name);
    const fields = Number.isInteger(pid) ? statOf(pid) : null;
    if (fields === null || fields[0] === "Z" || fields[0] === "X") continue;
    const parent = Number(fields[1]);
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const found: number[] = [];
  for (const todo = [root]; todo.length > 0;) {
    const below = (children.get(todo.pop() ?? 0) ?? []).filter((pid) => !except.has(pid));
    found.push(...below);
    todo.push(...below);
  }
  return found;
}

/** The program a process runs; empty when that cannot be told. */
export function programOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return "";
  }
}

/** Seconds on a processor so far, all threads, those that ended too. */
export function cpuSeconds(pids: readonly number[]): number {
  const ticks = pids.flatMap((pid) => statOf(pid)?.slice(11, 13) ?? []).map(Number);
  return ticks.reduce((sum, each) => sum + each, 0) / 100;
}

/** Milliseconds on a processor to the nanosecond, and how often a thread went to sleep, over all threads that live. */
export function schedule(pids: readonly number[]): { readonly cpuMs: number; readonly sleeps: number } {
  let [cpuNs, sleeps] = [0, 0];
  for (const pid of pids) {
    for (const thread of list(`/proc/${pid}/task`)) {
      cpuNs += Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(" ")[0]);
      sleeps += numberAfter(read(`/proc/${pid}/task/${thread}/status`), "voluntary_ctxt_switches");
    }
  }
  return { cpuMs: cpuNs / 1e6, sleeps };
}

/** Kilobytes, shared pages divided among those who share them. */
export function pssKb(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + numberAfter(read(`/proc/${pid}/smaps_rollup`), "Pss"), 0);
}

export function rssKb(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + numberAfter(read(`/proc/${pid}/status`), "VmRSS"), 0);
}

/** The most each of them ever had resident, summed up. */
export function peakRssKb(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + numberAfter(read(`/proc/${pid}/status`), "VmHWM"), 0);
}

function numberAfter(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, "mu").exec(text)?.[1] ?? 0);
}

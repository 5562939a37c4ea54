import { readdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";

/** Descriptors the process has open now. */
export function openFds(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Processor time the process has used, in seconds; the kernel counts in hundredths. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** A line of /proc/<pid>/status in bytes, such as VmRSS, VmHWM or RssAnon. */
export function memoryBytes(pid: number, name: "VmRSS" | "VmHWM" | "RssAnon"): number {
  const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB`, "mu").exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
  return Number(kilobytes) * 1024;
}

/** The state of a process as one letter (R, S, D, T, Z …); null when it is gone. */
export function stateOf(pid: number): string | null {
  return /^\d+ \(.*\) (\w)/su.exec(read(`/proc/${pid}/stat`))?.[1] ?? null;
}

/** True while the process is there and not a zombie. */
export function isAlive(pid: number): boolean {
  return !["Z", "X", null].includes(stateOf(pid));
}

/** True while a signal that comes to the process is not lost, whoever that is: it is blocked, or has a handler. */
export function keepsSignal(pid: number, signal: NodeJS.Signals): boolean {
  const status = read(`/proc/${pid}/status`);
  const sets = Array.from(status.matchAll(/^Sig(?:Blk|Cgt):\s+([0-9a-f]+)$/gmu), ([, bits]) => BigInt(`0x${bits}`));
  return sets.some((bits) => ((bits >> BigInt(constants.signals[signal] - 1)) & 1n) === 1n);
}

/** Resolves when the condition holds; for facts of the kernel, which tells nobody of them. The test's own time limit ends it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}

/** The guardian of a running pm: its child process with the hidden command. */
export function guardianOf(pm: number): number | null {
  return childrenOf(pm).find((pid) => read(`/proc/${pid}/cmdline`).includes("__guardian")) ?? null;
}

/** The live children of a process; with `all`, those too that have ended and that nobody has reaped. */
export function childrenOf(parent: number, which: "live" | "all" = "live"): number[] {
  const state = which === "live" ? "[^ZX]" : "\\w";
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && new RegExp(`^\\d+ \\(.*\\) ${state} ${parent} `, "su").test(read(`/proc/${pid}/stat`)));
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return ""; // gone meanwhile
  }
}

import { closeSync, openSync, readFileSync, readSync } from "node:fs";

/** What one process uses, by the kernel's books. */
export interface ProcessUsage {
  readonly rssBytes: number;
  /** User and system time since its start. */
  readonly cpuSeconds: number;
}

/** The kernel tells CPU time in hundredths of a second (USER_HZ) on every machine Bun runs on. */
const ticksPerSecond = 100;
const auxPageSize = 6n;

/** Reads the processes that are still there; one that has gone, or cannot be read, is left out. About 20 µs each. */
export function readProcesses(pids: readonly number[]): Map<number, ProcessUsage> {
  const usage = new Map<number, ProcessUsage>();
  for (const pid of pids) {
    const stat = read(`/proc/${pid}/stat`);
    const statm = read(`/proc/${pid}/statm`); // exact where `stat` is not: its RSS is off by up to some MiB on many CPUs
    if (stat === null || statm === null) continue;
    const cpuSeconds = parseCpuSeconds(stat);
    const pages = parseResidentPages(statm);
    if (cpuSeconds !== null && pages !== null) usage.set(pid, { cpuSeconds, rssBytes: pages * pageBytes() });
  }
  return usage;
}

/** User plus system seconds of a line of /proc/PID/stat; null when it is no such line. */
export function parseCpuSeconds(stat: string): number | null {
  // The name in parentheses is chosen by the process: it may hold spaces and parentheses, so count from the last one.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return Number.isFinite(ticks) ? ticks / ticksPerSecond : null;
}

/** Resident pages of a line of /proc/PID/statm; null when it is no such line. */
export function parseResidentPages(statm: string): number | null {
  const pages = Number(statm.split(" ")[1]);
  return Number.isFinite(pages) ? pages : null;
}

/** Bytes of a page by the auxiliary vector of a 64-bit process; 4096 when it does not tell. */
export function parsePageBytes(auxv: Uint8Array): number {
  const view = new DataView(auxv.buffer, auxv.byteOffset, auxv.byteLength);
  for (let at = 0; at + 16 <= auxv.byteLength; at += 16) {
    if (view.getBigUint64(at, true) === auxPageSize) return Number(view.getBigUint64(at + 8, true));
  }
  return 4096;
}

let knownPageBytes: number | null = null;

function pageBytes(): number {
  if (knownPageBytes !== null) return knownPageBytes;
  try {
    knownPageBytes = parsePageBytes(readFileSync("/proc/self/auxv"));
  } catch {
    knownPageBytes = 4096; // hidden from us: the size of every x86-64 and most others
  }
  return knownPageBytes;
}

/** A line of these files is no longer than this. */
const line = Buffer.alloc(4096);

/** In three calls instead of the five of readFileSync, since thousands are read at a time. */
function read(path: string): string | null {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch {
    return null; // the process has gone
  }
  try {
    return line.toString("latin1", 0, readSync(fd, line, 0, line.length, null));
  } catch {
    return null;
  } finally {
    closeSync(fd);
  }
}

/** What processes use, by the kernel's books. Read for hundreds at a time while workers are waiting: two kernel calls each, and no text. */
import { dlopen, ptr } from "bun:ffi";
import { readFileSync } from "node:fs";
import { closeFd, descriptorLimit, ownBuffer } from "./libc.ts";

/** What one process uses, by the kernel's books. */
export interface ProcessUsage {
  readonly rssBytes: number;
  /** User and system time since its start, to the microsecond. */
  readonly cpuSeconds: number;
}

/**
 * Reads the processes that are still there; one that has gone, or cannot be read, is left out. About 2 µs each, and 7 the first time: one
 * descriptor stays with each, as long as that is no more than a 32nd of all that pm may have, and leaves after it.
 */
export function readProcesses(pids: readonly number[]): Map<number, ProcessUsage> {
  reader ??= new Reader();
  return reader.read(pids);
}

/** As `readProcesses`, for as many as there are: the event loop turns meanwhile. */
export async function readProcessesInTurns(pids: readonly number[]): Promise<Map<number, ProcessUsage>> {
  const usage = new Map<number, ProcessUsage>();
  for (let from = 0; from < pids.length; from += processesATurn) {
    if (from > 0) await new Promise<void>((resolve) => setImmediate(resolve));
    for (const [pid, used] of readProcesses(pids.slice(from, from + processesATurn))) usage.set(pid, used);
  }
  return usage;
}

/** Less than a millisecond, even the first time. */
const processesATurn = 100;

let reader: Reader | null = null;

const auxPageSize = 6n;
const O_CLOEXEC = 0o2000000;

class Reader {
  // Not before it is wanted: each of them takes time to be made.
  readonly #calls = dlopen("libc.so.6", {
    open: { args: ["ptr", "i32"], returns: "i32" },
    pread: { args: ["i32", "ptr", "u64", "i64"], returns: "i32" },
    clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
  }).symbols;
  /** Open `statm` files, those that were read last at the end. One never tells of another process that came to have the number. */
  readonly #kept = new Map<number, number>();
  readonly #mostKept = descriptorLimit() / 32;
  readonly #pageBytes = pageBytes();
  readonly #path = ownBuffer(32);
  readonly #line = ownBuffer(128);
  readonly #time = new Uint32Array(new ArrayBuffer(16));
  readonly #pathAt = ptr(this.#path);
  readonly #lineAt = ptr(this.#line);
  readonly #timeAt = ptr(this.#time);

  read(pids: readonly number[]): Map<number, ProcessUsage> {
    this.#sweep();
    const usage = new Map<number, ProcessUsage>();
    for (const pid of pids) {
      const pages = this.#residentPages(pid);
      const cpuSeconds = pages === null ? null : this.#cpuSeconds(pid);
      if (pages !== null && cpuSeconds !== null) usage.set(pid, { rssBytes: pages * this.#pageBytes, cpuSeconds });
    }
    return usage;
  }

  /** Those that have ended are not read any more, so they come to the front; one that lives gives way, or it would hide them. */
  #sweep(): void {
    for (const [pid, fd] of this.#kept) {
      this.#kept.delete(pid);
      if (this.#pagesOf(fd) !== null) {
        this.#kept.set(pid, fd);
        return;
      }
      closeFd(fd);
    }
  }

  /** By `statm`, whose RSS is exact, where that of `stat` is off by up to some MiB on many CPUs. */
  #residentPages(pid: number): number | null {
    const known = this.#kept.get(pid);
    if (known !== undefined) {
      this.#kept.delete(pid);
      const pages = this.#pagesOf(known);
      if (pages !== null) {
        this.#kept.set(pid, known);
        return pages;
      }
      closeFd(known); // another process has the number now, or none
    }
    this.#path.write(`/proc/${pid}/statm\0`, 0, "latin1");
    const fd = this.#calls.open(this.#pathAt, O_CLOEXEC);
    if (fd < 0) return null;
    const pages = this.#pagesOf(fd);
    if (pages !== null && this.#kept.size < this.#mostKept) this.#kept.set(pid, fd);
    else closeFd(fd);
    return pages;
  }

  #pagesOf(fd: number): number | null {
    const count = this.#calls.pread(fd, this.#lineAt, this.#line.length, 0);
    return count <= 0 ? null : parseResidentPages(this.#line, count);
  }

  /** By the clock of the process (see clock_getcpuclockid), which takes a twentieth of the time of reading its `stat`. */
  #cpuSeconds(pid: number): number | null {
    return this.#calls.clock_gettime(cpuClockOf(pid), this.#timeAt) === 0 ? secondsOf(this.#time) : null;
  }
}

/** The number the kernel has for the clock that runs while any thread of a process does. */
function cpuClockOf(pid: number): number {
  const CPUCLOCK_SCHED = 2;
  return (~pid << 3) | CPUCLOCK_SCHED;
}

/** A struct timespec to the microsecond: seconds and nanoseconds, 64 bits each, whose upper halves are 0, since nothing has run for a century. */
export function secondsOf(timespec: Uint32Array): number {
  const [seconds, nanoseconds] = [timespec[0] ?? 0, timespec[2] ?? 0];
  return (seconds * 1e6 + Math.floor(nanoseconds / 1000)) / 1e6;
}

/** Resident pages by a line of /proc/PID/statm, its second number, in the first `length` bytes; null when it is no such line. */
export function parseResidentPages(statm: Uint8Array, length: number): number | null {
  let at = 0;
  while (at < length && statm[at] !== space) at++;
  const start = ++at;
  let pages = 0;
  for (; at < length && statm[at] !== space; at++) {
    const digit = (statm[at] ?? 0) - zero;
    if (digit < 0 || digit > 9) return null;
    pages = pages * 10 + digit;
  }
  return at > start && at < length ? pages : null;
}

const space = 0x20;
const zero = 0x30;

/** Bytes of a page by the auxiliary vector of a 64-bit process; 4096 when it does not tell. */
export function parsePageBytes(auxv: Uint8Array): number {
  const view = new DataView(auxv.buffer, auxv.byteOffset, auxv.byteLength);
  for (let at = 0; at + 16 <= auxv.byteLength; at += 16) {
    if (view.getBigUint64(at, true) === auxPageSize) return Number(view.getBigUint64(at + 8, true));
  }
  return 4096;
}

function pageBytes(): number {
  try {
    return parsePageBytes(readFileSync("/proc/self/auxv"));
  } catch {
    return 4096; // hidden from us: the size of every x86-64 and most others
  }
}

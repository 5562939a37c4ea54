/** The few calls the bench needs and Bun has no API for. */
import { dlopen, ptr } from "bun:ffi";

const { symbols } = dlopen("libc.so.6", {
  clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
  poll: { args: ["ptr", "u64", "i32"], returns: "i32" },
  posix_fadvise: { args: ["i32", "i64", "i64", "i32"], returns: "i32" },
});

const time = new BigInt64Array(new ArrayBuffer(16));
const timeAt = ptr(time);
const polled = new Int32Array(new ArrayBuffer(8));
const polledAt = ptr(polled);

/** CLOCK_MONOTONIC in nanoseconds, the clock of the workers' records. */
export function nowNs(): number {
  symbols.clock_gettime(1, timeAt);
  return Number((time[0] ?? 0n) * 1_000_000_000n + (time[1] ?? 0n));
}

/** Blocks this thread until there is something to read, or the writers are gone, or the time is over. Nothing of Bun runs meanwhile. */
export function waitReadable(fd: number, timeoutMs: number): boolean {
  const POLLIN = 1;
  polled[0] = fd;
  polled[1] = POLLIN;
  return symbols.poll(polledAt, 1, Math.max(0, Math.ceil(timeoutMs))) > 0;
}

/** Puts what is cached of an open file out of memory, as far as nobody uses it. */
export function evict(fd: number): void {
  const DONTNEED = 4;
  symbols.posix_fadvise(fd, 0, 0, DONTNEED);
}

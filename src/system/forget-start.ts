/** Loaded once the start is over: gives back the memory that only the start has needed. */
import { dlopen } from "bun:ffi";
import { readFileSync } from "node:fs";

const MADV_DONTNEED = 4;

/**
 * Collects what the start has left behind, and lets go of the pages of pm's own file that it has read: unchanged code and constants, of which
 * those that are still needed are mapped again from the kernel's cache at their next use. Takes some milliseconds.
 */
export function forgetStart(): void {
  Bun.gc(true);
  const { symbols } = dlopen("libc.so.6", { madvise: { args: ["u64", "u64", "i32"], returns: "i32" } });
  for (const { start, end } of unchangedPages(readFileSync("/proc/self/smaps", "latin1"), process.execPath)) {
    symbols.madvise(start, end - start, MADV_DONTNEED);
  }
}

/** Where this file is mapped read-only, according to a text like /proc/self/smaps, and nothing of that has been changed since. */
export function unchangedPages(smaps: string, file: string): { readonly start: number; readonly end: number }[] {
  return smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/mu).flatMap((mapping) => {
    const [, start = "", end = "", path] =
      /^([0-9a-f]+)-([0-9a-f]+) r-[-x]p \S+ \S+ \S+ +(\S.*)$/mu.exec(mapping) ?? [];
    const isUnchanged = /^Anonymous: +0 kB$/mu.test(mapping) && /^Swap: +0 kB$/mu.test(mapping);
    return path === file && isUnchanged ? [{ start: Number.parseInt(start, 16), end: Number.parseInt(end, 16) }] : [];
  });
}

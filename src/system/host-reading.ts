import { readFileSync } from "node:fs";
import type { HostReading } from "../core/scaling/host-shortage.ts";

/** Reads what this host has left: a handful of small files, a few microseconds each. */
export function readHost(): HostReading {
  const group = cgroupFolder();
  return {
    freeMemoryShare: least([
      freeMemoryOfMachine(text("/proc/meminfo")),
      freeShare(text(`${group}/memory.current`), text(`${group}/memory.max`)),
    ]),
    cpuPressure: cpuPressureOf(text(`${group}/cpu.pressure`)) ?? cpuPressureOf(text("/proc/pressure/cpu")),
    freePidsShare: freeShare(text(`${group}/pids.current`), text(`${group}/pids.max`)),
  };
}

/** MemAvailable of MemTotal, from /proc/meminfo. */
export function freeMemoryOfMachine(meminfo: string): number | null {
  const kb = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "mu").exec(meminfo)?.[1] ?? Number.NaN);
  const share = kb("MemAvailable") / kb("MemTotal");
  return Number.isFinite(share) ? share : null;
}

/** What is left of a limit; null where there is none (`max`) or it cannot be read. */
export function freeShare(current: string, limit: string): number | null {
  const [used, most] = [Number(current.trim() || Number.NaN), Number(limit.trim() || Number.NaN)];
  return Number.isFinite(used) && Number.isFinite(most) && most > 0 ? Math.max(0, 1 - used / most) : null;
}

/** `some avg10` of a PSI file, as a share. */
export function cpuPressureOf(psi: string): number | null {
  const percent = /^some avg10=([\d.]+)/mu.exec(psi)?.[1];
  return percent === undefined ? null : Number(percent) / 100;
}

/** pm's own cgroup (version 2), or the root of the hierarchy. */
function cgroupFolder(): string {
  const path = /^0::(.*)$/mu.exec(text("/proc/self/cgroup"))?.[1] ?? "/";
  return `/sys/fs/cgroup${path === "/" ? "" : path}`;
}

function least(shares: readonly (number | null)[]): number | null {
  const known = shares.filter((share) => share !== null);
  return known.length === 0 ? null : Math.min(...known);
}

function text(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // not on this kernel, or not ours to read
  }
}

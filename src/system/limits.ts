/** What this process may do, by the kernel and by whoever started it. */
import { closeSync, readFileSync, readSync, readdirSync, readlinkSync } from "node:fs";
import { getPriority } from "node:os";
import type { LimitSpec } from "../core/farm/spec.ts";
import type { StubCalls } from "./native-spawn.ts";

/** What the stub of a packed pm leaves behind: the C library it has loaded, and the open files that pm was given, with where its calls are. */
const traces = /^\/memfd:(?:lib|pm-limits)\b/u;

/** What pm was given before Bun raised its own limit; null for a pm without the stub, in which nobody looked. */
export interface Given {
  readonly openFiles: LimitSpec;
  readonly calls: StubCalls;
}

/** Reads what the stub has left, and closes it. To be called once, before descriptors are counted or handed on. */
export function takeGiven(): Given | null {
  let given: Given | null = null;
  for (const fd of readdirSync("/proc/self/fd").map(Number)) {
    const target = linkOf(fd);
    if (!traces.test(target)) continue;
    if (target.startsWith("/memfd:pm-limits")) given = readGiven(fd);
    closeSync(fd);
  }
  return given;
}

function readGiven(fd: number): Given | null {
  const left = new BigUint64Array(6);
  if (readSync(fd, left, 0, left.byteLength, 0) < left.byteLength) return null;
  const [soft = 0n, hard = 0n, prepare = 0n, spawn = 0n, begun = 0n, reap = 0n] = left;
  return {
    openFiles: { soft: limitOf(soft), hard: limitOf(hard) },
    calls: { prepare, spawn, begun, reap },
  };
}

const limitOf = (value: bigint): number | null => (value > BigInt(Number.MAX_SAFE_INTEGER) ? null : Number(value));

function linkOf(fd: number): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return ""; // it was that of the folder itself
  }
}

/** How many files pm may have open now; null is unlimited, or unknown. */
export function openFilesAllowed(): number | null {
  const found = /^Max open files\s+(\d+)/mu.exec(readFileSync("/proc/self/limits", "latin1"))?.[1];
  return found === undefined ? null : Number(found);
}

/** What this process may do for its children, and how it is set up itself. */
export function readPrivileges() {
  const status = readFileSync("/proc/self/status", "latin1");
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/mu.exec(status)?.[1] ?? "0"}`);
  const has = (capability: number): boolean => ((effective >> BigInt(capability)) & 1n) === 1n;
  return {
    mayChangeGroups: has(6),
    mayChangeUsers: has(7),
    mayHurry: has(23),
    mayRaiseLimits: has(24),
    hardLimits: hardLimitsIn(readFileSync("/proc/self/limits", "latin1")),
    nice: getPriority(),
    oomScoreAdj: Number(readFileSync("/proc/self/oom_score_adj", "latin1")),
  };
}

/** The hard limits in a text like /proc/self/limits, by the kernel's numbers, in whose order they stand there; Infinity is unlimited. */
export function hardLimitsIn(text: string): number[] {
  const lines = text.split("\n").slice(1).filter(Boolean);
  return lines.map((line) => {
    const hard = /\s(?:unlimited|\d+)\s+(unlimited|\d+)/u.exec(line.slice(20))?.[1];
    return hard === undefined || hard === "unlimited" ? Number.POSITIVE_INFINITY : Number(hard);
  });
}

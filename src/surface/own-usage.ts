import { readdirSync, readFileSync, statSync } from "node:fs";

/** What pm itself uses. */
export interface OwnUsage {
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  /** Null where /proc does not tell. */
  readonly openFds: number | null;
  readonly maxFds: number | null;
  readonly startedEpochSeconds: number;
}

/** Reads it now. */
export function readOwnUsage(): OwnUsage {
  const { user, system } = process.cpuUsage();
  return {
    cpuSeconds: (user + system) / 1e6,
    rssBytes: process.memoryUsage.rss(),
    openFds: attempt(countOpenFds),
    maxFds: attempt(() => parseMaxFds(readFileSync("/proc/self/limits", "latin1"))),
    startedEpochSeconds,
  };
}

/** The kernel tells it as the size of the folder; before Linux 6.2 that is 0, and they have to be counted one by one. */
function countOpenFds(): number {
  const folder = "/proc/self/fd";
  return statSync(folder).size || readdirSync(folder).length - 1; // one of them was opened to look
}

const startedEpochSeconds = Math.round(Date.now() - process.uptime() * 1000) / 1000;

/** The soft limit of open files in the text of /proc/PID/limits; null when it is unlimited or missing. */
export function parseMaxFds(limits: string): number | null {
  const soft = /^Max open files +(\d+)/mu.exec(limits)?.[1];
  return soft === undefined ? null : Number(soft);
}

function attempt<T>(look: () => T): T | null {
  try {
    return look();
  } catch {
    return null; // no /proc here
  }
}

/** The guardian itself: `pm __guardian`, which main.ts starts in place of a command. See guardian.ts. */
import { readdirSync, readFileSync, readSync } from "node:fs";

/**
 * Names the run of pm a process belongs to, in its environment; for the process of a worker, and all that stems from it, a number after a
 * dot tells which one (see orphans.ts).
 */
export const runIdVariable = "PM_RUN_ID";

/** The hidden command. */
export const guardianArgument = "__guardian";

/** How the running pm starts its guardian: from the very file it runs from, even if an upgrade has put another in its place. */
export function guardianCommand(): string[] {
  return Bun.isStandaloneExecutable
    ? ["/proc/self/exe", guardianArgument]
    : [process.execPath, Bun.main, guardianArgument];
}

/**
 * Reads what pm tells until pm is dead, and kills what it was keeping alive. The packed pm has its equal in scripts/loader/guardian.c, which
 * answers the hidden command before this is ever loaded.
 */
export function runGuardian(): void {
  // Whatever is meant for all that pm has started is not meant for what cleans up behind it.
  for (const signal of ["SIGHUP", "SIGQUIT", "SIGINT", "SIGTERM"]) process.on(signal, () => {});
  const groups = new Set<number>();
  hearUntilEnd((line) => {
    const pid = Number(line.slice(1));
    if (!Number.isSafeInteger(pid) || pid <= 1) return; // to the kernel 0 and 1 would mean everybody
    if (line.startsWith("+")) groups.add(pid);
    if (line.startsWith("-")) groups.delete(pid);
  });
  for (const group of groups) kill(-group);
  // What was being started as pm died, and what left its group, still carries the run in its environment.
  const runId = process.env[runIdVariable];
  if (runId === undefined) return;
  const mark = `${runIdVariable}=${runId}`;
  // A process between fork and exec has no environment of its own for a moment: one clean look is not enough.
  for (let clean = 0, look = 0; clean < 2 && look < 100; look++) {
    const found = processesWith(mark);
    for (const pid of found) kill(pid);
    clean = found.length === 0 ? clean + 1 : 0;
    Bun.sleepSync(5);
  }
}

function hearUntilEnd(hear: (line: string) => void): void {
  const chunk = Buffer.alloc(65_536);
  let rest = "";
  for (let size = readSync(0, chunk); size > 0; size = readSync(0, chunk)) {
    const lines = (rest + chunk.toString("latin1", 0, size)).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) hear(line);
  }
}

function processesWith(mark: string): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid && environmentOf(pid).includes(mark));
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch {
    return ""; // gone, or another user's: then not ours
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // gone already
  }
}

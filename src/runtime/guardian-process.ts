/** The guardian itself: `pm __guardian`, which main.ts starts in place of a command. See guardian.ts. */
import { readdirSync, readFileSync, readSync } from "node:fs";

/** Names the run of pm a process belongs to, in its environment. */
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
 * Reads what pm tells until pm says bye or dies. In either case it then kills what is left of the farm: after a death all that pm was
 * keeping alive, after an orderly end what has left the process group of its worker.
 */
export function runGuardian(): void {
  const groups = new Set<number>();
  const said = readUntilEnd((line) => {
    if (line.startsWith("+")) groups.add(Number(line.slice(1)));
    if (line.startsWith("-")) groups.delete(Number(line.slice(1)));
  });
  if (said === "end") for (const group of groups) kill(-group);
  // What was being started as pm died, and what left its group, still carries the run in its environment.
  const runId = process.env[runIdVariable];
  if (runId === undefined) return;
  const mark = `${runIdVariable}=${runId}\0`;
  // After a death a process may be between fork and exec, where its environment is not yet its own: one clean look is not enough.
  const cleanLooks = said === "end" ? 2 : 1;
  for (let clean = 0, round = 0; round < 100; round++) {
    const found = processesWith(mark);
    for (const pid of found) kill(pid);
    clean = found.length === 0 ? clean + 1 : 0;
    if (clean === cleanLooks) return;
    Bun.sleepSync(5);
  }
}

/** Calls back for each line; returns `bye` when pm took its leave, `end` when the pipe ended without. */
function readUntilEnd(hear: (line: string) => void): "bye" | "end" {
  const chunk = Buffer.alloc(65_536);
  let rest = "";
  for (;;) {
    const size = readSync(0, chunk);
    if (size === 0) return "end";
    const lines = (rest + chunk.toString("latin1", 0, size)).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "bye") return "bye";
      hear(line);
    }
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

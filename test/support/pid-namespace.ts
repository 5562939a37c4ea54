import { childrenOf, until } from "./proc.ts";
import type { PmProcess } from "./pm-process.ts";

/** Words that start a program as PID 1 of a namespace of its own, as a container does; it is killed when what they start is. */
export const asPid1: readonly string[] = [
  "unshare",
  ...(process.getuid?.() === 0 ? [] : ["--map-root-user"]),
  "--pid",
  "--fork",
  "--kill-child",
  "--mount-proc",
];

/** Why `asPid1` does not work on this machine, as a reason to skip a test; null when it does. */
export const noNamespaces: string | null = tryNamespaces();

function tryNamespaces(): string | null {
  if (Bun.which("unshare") === null) return "not installed: unshare";
  const { exitCode, stderr } = Bun.spawnSync([...asPid1, "true"], { stderr: "pipe" });
  return exitCode === 0 ? null : `no namespaces: ${stderr.toString().trim()}`;
}

/** The pid of pm as this test sees it, be it started as PID 1 or not. */
export async function pidOfPm(pm: PmProcess, starter: readonly string[]): Promise<number> {
  if (starter.length === 0) return pm.pid;
  await until(() => childrenOf(pm.pid).length === 1);
  return childrenOf(pm.pid)[0] ?? 0;
}

/** Ends it as a platform would, and gives its exit code. */
export async function stopPm(pm: PmProcess, starter: readonly string[]): Promise<number> {
  process.kill(await pidOfPm(pm, starter), "SIGTERM");
  return pm.process.exited;
}

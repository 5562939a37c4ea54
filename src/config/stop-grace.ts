import { exceedsGrace, graceSecondsFor, graceVariable, longestStopMs, stopBudgetMs } from "../core/farm/stop-budget.ts";
import type { FilledConsumer } from "./fill-consumer.ts";
import { formatDuration, parseDuration } from "./duration.ts";
import type { Findings } from "./findings.ts";
import type { Environment } from "./interpolate.ts";

/**
 * The grace of the platform in milliseconds; null when there is none to keep: PM_STOP_GRACE is unset, empty, 0, or `infinity` as systemd
 * writes it. `problem` says that it is no duration.
 */
export function readStopGrace(env: Environment): { readonly graceMs: number | null; readonly problem: string | null } {
  const text = env[graceVariable]?.trim() ?? "";
  if (text === "" || text === "infinity") return { graceMs: null, problem: null };
  const read = parseDuration(text);
  if (read.ok) return { graceMs: read.value === 0 ? null : read.value, problem: null };
  return { graceMs: null, problem: `${graceVariable} is no duration and is ignored: ${read.problem}` };
}

/** Warns where consumers may take longer to stop than the platform waits. `shutdownMs` is what they may take where they say nothing themselves. */
export function checkStopGrace(
  consumers: ReadonlyMap<string, FilledConsumer>,
  shutdownMs: number,
  env: Environment,
  findings: Findings,
): void {
  const { graceMs, problem } = readStopGrace(env);
  if (problem !== null) findings.warn([], problem);
  if (graceMs === null) return;
  const own = [...consumers.keys()].filter((name) => findings.given(["consumers", name, "stop_timeout"]));
  const late = own.filter((name) => exceedsGrace(consumers.get(name)?.stop_timeout ?? shutdownMs, graceMs));
  for (const name of late) {
    const path = ["consumers", name, "stop_timeout"];
    warn(path, consumers.get(name)?.stop_timeout ?? shutdownMs, graceMs, findings);
  }
  const others = consumers.size > own.length;
  if (others && exceedsGrace(shutdownMs, graceMs)) warn(["shutdown_timeout"], shutdownMs, graceMs, findings);
}

function warn(path: readonly string[], askedMs: number, graceMs: number, findings: Findings): void {
  const longestMs = longestStopMs([askedMs]);
  const asked = findings.show(path, longestMs === null ? "0 (for ever)" : formatDuration(longestMs));
  const raise = longestMs === null ? "set a limit" : `raise the grace to ${graceSecondsFor(longestMs)}s or lower this`;
  findings.warn(
    path,
    `${asked} is more than the platform's grace allows (${graceVariable}=${formatDuration(graceMs)}): at shutdown workers are killed after ${formatDuration(Math.round(stopBudgetMs(graceMs)))}; ${raise}`,
  );
}

import type { ConsumerValues } from "./consumer-keys.ts";
import { formatDuration } from "./duration.ts";
import type { FarmValues } from "./farm-keys.ts";
import type { Findings } from "./findings.ts";
import { checkAutoscaler } from "./scaling-conflicts.ts";

/** Reports combinations that are impossible or doubtful between keys of different levels, as the file gives them. */
export function checkFarm(values: FarmValues, findings: Findings): void {
  checkTotalCap(values, findings);
  for (const [name, consumer] of values.consumers) {
    checkStopTimeout(name, consumer, values.shutdown_timeout, findings);
    if (consumer.autoscaler === null) continue;
    const path = ["consumers", name, "autoscaler"];
    checkAutoscaler(consumer.autoscaler, values.autoscaler_interval_sec, path, findings);
  }
  if (values.control !== null) {
    findings.warn(["control"], "this version of pm has no control socket yet, so this has no effect", "key");
  }
}

/** The fewest workers a consumer ever has. */
function minimumOf({ processes, autoscaler }: ConsumerValues): number {
  return autoscaler === null ? (processes ?? 1) : autoscaler.min;
}

function checkTotalCap({ total_cap: cap, consumers }: FarmValues, findings: Findings): void {
  if (cap === null || findings.failed(["total_cap"])) return;
  const contributions = [...consumers].map(([name, consumer]) => {
    const minimum = minimumOf(consumer);
    const path = ["consumers", name, ...(consumer.autoscaler === null ? ["processes"] : ["autoscaler", "min"])];
    const label = consumer.autoscaler === null ? "processes" : "min";
    return { minimum, unsure: findings.failed(path), text: `${name} ${label}=${findings.show(path, minimum)}` };
  });
  const sum = contributions.reduce((total, { minimum }) => total + minimum, 0);
  if (sum <= cap || contributions.some(({ unsure }) => unsure)) return;
  const parts = contributions.map(({ text }) => text).join(", ");
  findings.error(
    ["total_cap"],
    `total_cap ${findings.show(["total_cap"], cap)} is less than the sum of the minimums, ${sum} (${parts}); raise total_cap to ${sum} or lower the minimums`,
  );
}

function checkStopTimeout(name: string, consumer: ConsumerValues, shutdownMs: number, findings: Findings): void {
  const path = ["consumers", name, "stop_timeout"];
  const stopMs = consumer.stop_timeout;
  if (stopMs === null || shutdownMs === 0 || findings.failed(path) || findings.failed(["shutdown_timeout"])) return;
  if (stopMs !== 0 && stopMs <= shutdownMs) return;
  const stop = findings.show(path, stopMs === 0 ? "0 (for ever)" : formatDuration(stopMs));
  const shutdown = findings.show(["shutdown_timeout"], formatDuration(shutdownMs));
  findings.warn(
    path,
    `${stop} is longer than shutdown_timeout ${shutdown}; the shutdown waits for the longer one, so raise shutdown_timeout or lower this`,
  );
}

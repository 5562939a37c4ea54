import type { ConsumerSpec } from "../core/farm/spec.ts";
import { initialSize } from "../core/scaling/initial-size.ts";
import type { ConsumerValues } from "./consumer-keys.ts";
import { formatDuration } from "./duration.ts";
import type { FarmValues } from "./farm-keys.ts";
import type { Findings } from "./findings.ts";
import { checkAutoscaler } from "./scaling-conflicts.ts";

/**
 * Reports combinations that are impossible or doubtful between keys of different levels, as the file gives them. `share` is what this node
 * runs of its consumers: all of them, unless it is one of several.
 */
export function checkFarm(values: FarmValues, share: readonly ConsumerSpec[], findings: Findings): void {
  checkPresence(values, findings);
  checkTotalCap(values, share, findings);
  checkTaskServer(values, findings);
  for (const [name, consumer] of values.consumers) {
    checkStopTimeout(name, consumer, values.shutdown_timeout, findings);
    if (consumer.autoscaler === null) continue;
    const path = ["consumers", name, "autoscaler"];
    checkAutoscaler(consumer.autoscaler, values.autoscaler_interval_sec, path, findings);
  }
}

function checkPresence({ consumers, source }: FarmValues, findings: Findings): void {
  if (consumers.size > 0 || source !== null || findings.failed(["consumers"]) || findings.failed(["source"])) return;
  if (findings.given(["consumers"])) findings.error(["consumers"], "must hold at least one of the consumers; add one");
  else findings.error(["consumers"], "is missing; add it", "key");
}

function checkTaskServer(
  { task_server: server, http_server: http, consumers, source }: FarmValues,
  findings: Findings,
): void {
  if (server === null || findings.failed(["task_server"])) return;
  const path = ["task_server", "port"];
  if (http !== null && server.port !== 0 && server.port === http.port && overlap(server.host, http.host)) {
    findings.error(path, `${findings.show(path, server.port)} is that of http_server as well; choose another one`);
  }
  const maybeTasks = source !== null || findings.failed(["consumers"]);
  if (!maybeTasks && [...consumers.values()].every(({ tasks }) => tasks === null)) {
    findings.warn(["task_server"], "has no effect, because no consumer has tasks; add tasks, or remove it", "key");
  }
}

/** Whether one cannot listen on both at the same port. */
function overlap(a: string, b: string): boolean {
  return a === b || [a, b].some((host) => host === "0.0.0.0" || host === "::");
}

function checkTotalCap(
  { total_cap: cap, consumers }: FarmValues,
  share: readonly ConsumerSpec[],
  findings: Findings,
): void {
  if (cap === null || findings.failed(["total_cap"]) || findings.failed(["cluster"])) return;
  const contributions = share.flatMap(({ name, size }) => {
    const consumer = consumers.get(name);
    if (consumer === undefined) return [];
    const minimum = initialSize(size);
    const path = ["consumers", name, ...(consumer.autoscaler === null ? ["processes"] : ["autoscaler", "min"])];
    const label = consumer.autoscaler === null ? "processes" : "min";
    return [{ minimum, unsure: findings.failed(path), text: `${name} ${label}=${findings.show(path, minimum)}` }];
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

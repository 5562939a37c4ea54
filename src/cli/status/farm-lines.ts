import { ageText, bytesText, percentText } from "../../core/farm/amounts.ts";
import { plural } from "../../core/farm/operation-text.ts";
import type { FarmStatus, SourceStatus } from "../../protocol/control-api.ts";

/** The farm in a line or a few, above its consumers. */
export function farmLines(status: FarmStatus, nowMs: number): readonly string[] {
  const { phase, uptime_seconds, version, pid, file, consumers, source, cluster, last_reload } = status;
  const age = ageText(uptime_seconds);
  const life = phase === "running" ? `running for ${age}` : `stopping, after ${age}`;
  const workers = consumers.flatMap((consumer) => consumer.workers);
  const ready = consumers.reduce((total, consumer) => total + consumer.ready, 0);
  const busy = consumers.reduce((total, consumer) => total + consumer.busy, 0);
  const facts = [
    `${ready} of ${plural(workers.length, "worker")} ready, ${busy} busy`,
    ...(status.total_cap === null ? [] : [`at most ${status.total_cap} alive`]),
    ...(status.http === null ? [] : [status.http]),
    ...ownUsage(status),
  ];
  return [
    `pm ${version} (pid ${pid}), ${life}: ${file}`,
    facts.join("; "),
    ...(last_reload === null
      ? []
      : [`last reload ${ago(last_reload.at, nowMs)}, ${last_reload.result}: ${last_reload.message}`]),
    ...(source === null ? [] : sourceLines(source, nowMs)),
    ...(cluster === null ? [] : [`node ${cluster.self} of ${cluster.nodes.join(", ")} (by ${cluster.by})`]),
  ];
}

function ownUsage({ rss_bytes, cpu_seconds, uptime_seconds }: FarmStatus): readonly string[] {
  const parts = [
    ...(rss_bytes === null ? [] : [bytesText(rss_bytes)]),
    ...(cpu_seconds === null || uptime_seconds <= 0 ? [] : [`${percentText(cpu_seconds / uptime_seconds)} CPU`]),
  ];
  return parts.length === 0 ? [] : [`pm itself: ${parts.join(", ")}`];
}

function sourceLines(source: SourceStatus, nowMs: number): readonly string[] {
  const { state, consumers, last_document_at, error, rejected } = source;
  const last = last_document_at === null ? "no document yet" : `last document ${ago(last_document_at, nowMs)}`;
  return [
    `source ${state}: ${consumers} ${consumers === 1 ? "consumer" : "consumers"}, ${last}${error === null ? "" : `; ${error}`}`,
    ...rejected.map(
      (entry) => `  ${entry.consumer} is invalid${entry.kept ? ", an older definition runs" : ""}: ${entry.error}`,
    ),
  ];
}

const ago = (at: string, nowMs: number): string => `${ageText((nowMs - Date.parse(at)) / 1000)} ago`;

import { sumOfBackoffs } from "../config/consumer-conflicts.ts";
import { formatDuration, parseDuration } from "../config/duration.ts";
import type { ConsumerDraft, Draft } from "./draft.ts";
import type { Imported } from "./imported.ts";

const minuteMs = 60_000;

/** Sets what pm asks for besides: windows in which a failure limit can be reached, and time for the slowest worker at shutdown. */
export function finish(draft: Draft): Imported {
  for (const consumer of draft.consumers) settleFailures(consumer);
  const stops = draft.consumers.map((consumer) => durationOf(consumer, "stop_timeout") ?? 0);
  const longest = Math.max(0, ...stops);
  const forEver = draft.consumers.some((consumer) => durationOf(consumer, "stop_timeout") === 0);
  if (!draft.farm.has("shutdown_timeout") && (forEver || longest > 30_000)) {
    draft.farm.set("shutdown_timeout", forEver ? 0 : formatDuration(longest));
  }
  return draft;
}

function settleFailures(consumer: ConsumerDraft): void {
  if (consumer.keys.get("restart") === "never") consumer.keys.delete("on_failure_limit");
  const limit = consumer.keys.get("failure_limit") ?? 3;
  const baseMs = durationOf(consumer, "backoff_base") ?? 1000;
  let maxMs = durationOf(consumer, "backoff_max") ?? 30_000;
  if (baseMs > maxMs) {
    maxMs = baseMs;
    consumer.set("backoff_max", formatDuration(maxMs));
  }
  // Nobody reaches a limit like this, and none is meant to.
  const delaysMs = typeof limit !== "number" || limit >= 1_000_000 ? 0 : sumOfBackoffs(baseMs, maxMs, limit);
  const neededMs = Math.max(delaysMs, durationOf(consumer, "min_uptime") ?? 1000);
  if ((durationOf(consumer, "failure_window") ?? minuteMs) > neededMs) return;
  const windowMs = (Math.floor(neededMs / minuteMs) + 1) * minuteMs;
  consumer.set("failure_window", formatDuration(windowMs), "longer than min_uptime and the delays up to failure_limit");
}

function durationOf(consumer: ConsumerDraft, key: string): number | null {
  const value = consumer.keys.get(key);
  if (typeof value !== "string" && typeof value !== "number") return null;
  const read = parseDuration(String(value));
  return read.ok ? read.value : null;
}

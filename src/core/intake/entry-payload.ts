import type { TaskSourceSpec } from "../farm/tasks-spec.ts";

/** What a task is made of, or in one line why this entry can be no task. */
export type EntryPayload =
  | { readonly ok: true; readonly payload: string }
  | { readonly ok: false; readonly why: string };

/** The payload of an entry: JSON is taken as it is, digits and all; text becomes a JSON string. */
export function payloadOf(text: string, format: TaskSourceSpec["format"]): EntryPayload {
  if (format === "text") return { ok: true, payload: JSON.stringify(text) };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, why: "it is not valid JSON" };
  }
  if (format === "sidekiq" && (typeof value !== "object" || value === null || Array.isArray(value)))
    return { ok: false, why: "it is not a Sidekiq job, which is a JSON object" };
  // Valid JSON has newlines between its words only.
  return { ok: true, payload: text.replaceAll(/[\r\n]+/gu, " ").trim() };
}

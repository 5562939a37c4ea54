import type { FarmStatus } from "../../protocol/control-api.ts";
import { farmLines } from "./farm-lines.ts";
import { consumerRows } from "./rows.ts";
import { tableLines, type View } from "./table.ts";

/** What `pm status` prints, a line each; `whole` shows every worker. Times are told as of the document, not of now. */
export function renderStatus(status: FarmStatus, view: View & { readonly whole: boolean }): readonly string[] {
  const nowMs = Date.parse(status.started_at) + status.uptime_seconds * 1000;
  const rows = status.consumers.flatMap((consumer) => consumerRows(consumer, nowMs, view.whole));
  const table = rows.length === 0 ? ["no consumers"] : tableLines(rows, view);
  return [...farmLines(status, nowMs), "", ...table];
}

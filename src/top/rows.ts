import type { ConsumerStatus, WorkerStatus } from "../protocol/control-api.ts";
import type { Target, TopState } from "./state.ts";

/** A line of the list: a consumer, or one of its workers. */
export interface Row {
  readonly consumer: ConsumerStatus;
  readonly worker: WorkerStatus | null;
}

/** The list from top to bottom: consumers whose name holds the filter, under the expanded ones their workers by slot. */
export function rowsOf({ status, filter, expanded }: TopState): readonly Row[] {
  const wanted = filter.toLowerCase();
  return (status?.consumers ?? [])
    .filter(({ consumer }) => consumer.toLowerCase().includes(wanted))
    .flatMap((consumer) => {
      const workers = expanded.includes(consumer.consumer) ? consumer.workers : [];
      const bySlot = workers.toSorted((a, b) => a.slot - b.slot || a.worker - b.worker);
      return [null, ...bySlot].map((worker) => ({ consumer, worker }));
    });
}

/** What a row stands for. */
export function targetOf({ consumer, worker }: Row): Target {
  return { consumer: consumer.consumer, worker: worker?.worker ?? null };
}

/** Where the selection stands in the list; that of its consumer when the worker has gone, else the first row; -1 in an empty list. */
export function selectedIndex(rows: readonly Row[], selected: Target | null): number {
  const same = (row: Row, worker: number | null): boolean =>
    row.consumer.consumer === selected?.consumer && (row.worker?.worker ?? null) === worker;
  const exact = rows.findIndex((row) => same(row, selected?.worker ?? null));
  if (exact !== -1) return exact;
  const consumer = rows.findIndex((row) => same(row, null));
  return consumer === -1 ? Math.min(0, rows.length - 1) : consumer;
}

/** The selected row; null when the list is empty. */
export function selectedRow(state: TopState): Row | null {
  const rows = rowsOf(state);
  return rows[selectedIndex(rows, state.selected)] ?? null;
}

import type { PmEvent } from "../core/farm/events.ts";

interface Row {
  handled: number;
  failed: number;
  retried: number;
  lost: number;
  readonly restarts: Map<string, number>;
}

/** Counts what the demo's consumers did, for the last words. */
export class Tally {
  readonly #rows: ReadonlyMap<string, Row>;

  constructor(consumers: readonly string[]) {
    this.#rows = new Map(
      consumers.map((name) => [name, { handled: 0, failed: 0, retried: 0, lost: 0, restarts: new Map() }]),
    );
  }

  record(event: PmEvent): void {
    if (!("consumer" in event)) return;
    const row = this.#rows.get(event.consumer);
    if (row === undefined) return;
    if (event.type === "message" && event.event !== "received") row[event.event] += 1;
    if (event.type === "messages_lost") row.lost += event.count;
    if (event.type === "worker_restarting") row.restarts.set(event.reason, (row.restarts.get(event.reason) ?? 0) + 1);
  }

  /** A table, each line with its newline. */
  toString(): string {
    const lines = [...this.#rows].map(([name, { handled, failed, retried, lost, restarts }]) => {
      const reasons = [...restarts].map(([reason, count]) => `${reason} ${count}`);
      return line(name, [handled, failed, retried, lost], reasons.join(", ") || "none");
    });
    return line("consumer", ["handled", "failed", "retried", "lost"], "restarts") + lines.join("");
  }
}

function line(name: string, counts: readonly (string | number)[], restarts: string): string {
  return `  ${name.padEnd(10)}${counts.map((count) => String(count).padStart(9)).join("")}  ${restarts}\n`;
}

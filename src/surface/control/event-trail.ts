import { type AuditEntry, toAudit } from "../../core/farm/audit.ts";
import type { PmEvent } from "../../core/farm/events.ts";
import type { EventTrail } from "./ports.ts";

/** Entries kept: a crash loop pushes out only what befell workers, and a restless autoscaler only what it did itself. */
const kept = { workers: 1_000, autoscaler: 500, others: 500 } as const;

/** The last entries of the audit trail, fed with every event. */
export class Trail implements EventTrail {
  readonly #entries: Readonly<Record<keyof typeof kept, AuditEntry[]>> = { workers: [], autoscaler: [], others: [] };
  readonly #hearers = new Set<(entry: AuditEntry) => void>();
  readonly #epochMs: () => number;
  #lastId = 0;

  /** `epochMs` is the wall clock. */
  constructor(epochMs: () => number) {
    this.#epochMs = epochMs;
  }

  /** Keeps what is worth an entry, and tells those that follow. */
  record(event: PmEvent): void {
    const draft = toAudit(event);
    if (draft === null) return;
    const entry: AuditEntry = { id: ++this.#lastId, atEpochMs: this.#epochMs(), ...draft };
    const part = partOf(entry);
    const entries = this.#entries[part];
    entries.push(entry);
    if (entries.length > kept[part]) entries.shift();
    for (const hear of this.#hearers) hear(entry);
  }

  recent(count: number, consumer: string | null): readonly AuditEntry[] {
    const { workers, autoscaler, others } = this.#entries;
    const chosen = [...workers, ...autoscaler, ...others]
      .filter((entry) => entry.consumer === (consumer ?? entry.consumer))
      .toSorted((a, b) => a.id - b.id);
    return chosen.slice(Math.max(0, chosen.length - count));
  }

  follow(hear: (entry: AuditEntry) => void): () => void {
    this.#hearers.add(hear);
    return () => this.#hearers.delete(hear);
  }
}

function partOf({ who, worker }: AuditEntry): keyof typeof kept {
  if (who === "autoscaler") return "autoscaler";
  return worker === null ? "others" : "workers";
}

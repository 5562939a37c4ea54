import type { ConsumerDraft, Draft } from "./draft.ts";
import type { Origin } from "./imported.ts";
import { needsShell } from "./marks.ts";
import { fillSpecifiers, readTimeSpan, type UnitName } from "./systemd-values.ts";
import type { UnitEntry } from "./unit-file.ts";

/** A service of systemd on its way. */
export interface Service {
  readonly draft: Draft;
  readonly consumer: ConsumerDraft;
  readonly origin: Origin;
  readonly unit: UnitName;
  /** The words of the first ExecStart, and the variables that differ from worker to worker. */
  readonly words: string[];
  readonly ownVariables: string[];
}

/** What becomes of one key. */
export type Rule = (entry: UnitEntry, service: Service) => void;

/** A rule for what has no equal. */
export const without =
  (text: string): Rule =>
  (entry, { consumer }) =>
    consumer.lose(entry, entry.key, text);

/** A rule for a time span; it may be Infinity. */
export const time =
  (use: (ms: number, service: Service, entry: UnitEntry) => void): Rule =>
  (entry, service) => {
    const ms = readTimeSpan(entry.value);
    if (ms === null) service.consumer.lose(entry, entry.key, "is no time that pm import can read; set the key by hand");
    else use(ms, service, entry);
  };

/** The value with its specifiers filled in, or null (and a loss) when it depends on the machine or the worker. */
export function plainText(entry: UnitEntry, { consumer, unit }: Service): string | null {
  const { text, unknown } = fillSpecifiers(entry.value, unit);
  if (unknown.length === 0 && !needsShell(text)) return text;
  const what = unknown.length > 0 ? unknown.join(", ") : "what it stands for";
  consumer.lose(
    entry,
    entry.key,
    `${what} depends on the machine, the user or the worker, which this key of pm cannot follow; write the value itself`,
  );
  return null;
}

import { basename } from "node:path";
import { formatDuration } from "../config/duration.ts";
import { maskText } from "../config/mask.ts";
import type { Draft } from "./draft.ts";
import type { Origin } from "./imported.ts";
import { argvOf, needsShell } from "./marks.ts";
import { ruleOf } from "./systemd-keys.ts";
import { withoutRule } from "./systemd-losses.ts";
import type { Service } from "./systemd-service.ts";
import { unitNameOf } from "./systemd-values.ts";
import { readUnit, type UnitEntry } from "./unit-file.ts";

/** Imports a .service unit with its drop-ins (`name.service.d/*.conf` beside it). */
export function importSystemd(draft: Draft, origin: Origin): void {
  const file = basename(origin.file);
  const unit = unitNameOf(file.endsWith(".service") ? file : "service.service");
  const main = readUnit(origin.text, origin.file);
  const parts = [main];
  for (const path of origin.find(`${origin.here}/${file}.d/*.conf`)) {
    const text = origin.read(path);
    if (text !== null) parts.push(readUnit(text, `${origin.file}.d/${basename(path)}`));
  }
  const entries = parts.flatMap((part) => part.entries);
  for (const { key, ...at } of parts.flatMap(({ strays }) => strays))
    draft.lose(
      at,
      maskText(JSON.stringify(key), new Set()),
      "is neither a section nor Key=value; correct the line and import again",
    );
  const first = entries.find(({ section }) => section === "Service");
  if (first === undefined) return;

  const name = unit.instance === null || !unit.full.includes("@") ? unit.prefix : unit.full.replace("@", "-");
  const consumer = draft.add(name, `the unit ${file}`, first);
  // What systemd does unless told otherwise.
  consumer.set("restart", "never");
  consumer.set("stop_timeout", formatDuration(90_000));
  const service: Service = { draft, consumer, origin, unit, words: [], ownVariables: [] };
  for (const entry of effective(entries)) importEntry(service, entry);
  const { words, ownVariables } = service;
  if (words.length === 0) consumer.lose(first, "ExecStart", "is missing; write command: here");
  else consumer.set("command", argvOf(ownVariables.length > 0 ? ["env", ...ownVariables, ...words] : words));
  if ([...words, ...ownVariables].some(needsShell)) consumer.remarks.set("command", "a shell fills in the variables");
  if (unit.isTemplate)
    consumer.lose(
      first,
      file,
      "is a template, of which systemd ran one instance for each name; set processes to how many there were, and PM_WORKER_SLOT (from 0) stands for the instance",
    );
  // systemd always waits the same time; pm doubles it up to backoff_max.
  const base = consumer.keys.get("backoff_base");
  if (base !== undefined && !consumer.keys.has("backoff_max"))
    consumer.set("backoff_max", base, "always the same, as in systemd");
}

function importEntry(service: Service, entry: UnitEntry): void {
  const rule = ruleOf(entry);
  if (rule === null) service.draft.loseOnce(entry, entry.key, withoutRule(entry));
  else rule(entry, service);
}

/** An empty value takes back what stood before it, so a drop-in can replace ExecStart; of a key without a rule all are told. */
function effective(entries: readonly UnitEntry[]): readonly UnitEntry[] {
  const takenBack = (entry: UnitEntry, index: number): boolean =>
    entries
      .slice(index + 1)
      .some(({ section, key, value }) => value === "" && key === entry.key && section === entry.section);
  return entries.filter((entry, index) => ruleOf(entry) === null || (entry.value !== "" && !takenBack(entry, index)));
}

/** Whether a text is a service unit. */
export const looksLikeSystemd = (text: string): boolean => /^[ \t]*\[Service\][ \t\r]*$/mu.test(text);

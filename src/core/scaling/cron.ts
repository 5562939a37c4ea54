import type { LocalMinute } from "./local-minute.ts";

/** Five sets of numbers; a minute matches when it is in all of them. */
export interface Cron {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly daysOfMonth: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  /** 0 is Sunday. */
  readonly daysOfWeek: ReadonlySet<number>;
  /** Both kinds of days are restricted: then one of them is enough, as cron has always had it. */
  readonly eitherDay: boolean;
}

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Names of the numbers from `min` on. */
  readonly names: readonly string[];
}

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const fields = [
  { name: "minute", min: 0, max: 59, names: [] },
  { name: "hour", min: 0, max: 23, names: [] },
  { name: "day of month", min: 1, max: 31, names: [] },
  { name: "month", min: 1, max: 12, names: months },
  { name: "day of week", min: 0, max: 7, names: weekdays },
] as const satisfies readonly Field[];

/**
 * Reads `minute hour day-of-month month day-of-week`: `*`, numbers, names (`mon`, `jan`), ranges (`mon-fri`), steps
 * (a star or a range, then `/15`) and lists of these by commas. Sunday is 0 and 7. Returns what is wrong as a text.
 */
export function parseCron(text: string): Cron | string {
  const words = text.trim().toLowerCase().split(/\s+/);
  if (words.length !== fields.length) {
    return `"${text}" has ${text.trim() === "" ? 0 : words.length} fields; write five: minute hour day-of-month month day-of-week`;
  }
  const sets: Set<number>[] = [];
  for (const [index, field] of fields.entries()) {
    const set = parseField(words[index] ?? "", field);
    if (typeof set === "string") return `${field.name}: ${set}`;
    sets.push(set);
  }
  const [minutes, hours, daysOfMonth, monthsSet, daysOfWeek] = sets;
  if (!minutes || !hours || !daysOfMonth || !monthsSet || !daysOfWeek) return `"${text}" is not read`;
  if (daysOfWeek.delete(7)) daysOfWeek.add(0);
  const eitherDay = words[2]?.startsWith("*") === false && words[4]?.startsWith("*") === false;
  return { minutes, hours, daysOfMonth, months: monthsSet, daysOfWeek, eitherDay };
}

/** Whether the expression holds in that minute. An hour the clock skips never comes; one that comes twice matches twice. */
export function matches(cron: Cron, { minute, hour, dayOfMonth, month, dayOfWeek }: LocalMinute): boolean {
  const byMonth = cron.daysOfMonth.has(dayOfMonth);
  const byWeek = cron.daysOfWeek.has(dayOfWeek);
  const day = cron.eitherDay ? byMonth || byWeek : byMonth && byWeek;
  return day && cron.minutes.has(minute) && cron.hours.has(hour) && cron.months.has(month);
}

function parseField(text: string, field: Field): Set<number> | string {
  const set = new Set<number>();
  for (const part of text.split(",")) {
    const range = parsePart(part, field);
    if (typeof range === "string") return range;
    for (let number = range.from; number <= range.to; number += range.step) set.add(number);
  }
  return set;
}

interface Range {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

function parsePart(part: string, field: Field): Range | string {
  const [span = "", stepText, ...more] = part.split("/");
  const step = stepText === undefined ? 1 : wholeNumber(stepText);
  if (more.length > 0 || step === null || step < 1) return `"${part}" has no step above 0; write for example */15`;
  if (span === "*") return { from: field.min, to: field.max, step };

  const [first = "", last, ...rest] = span.split("-");
  const from = read(first, field);
  const to = last === undefined ? (stepText === undefined ? from : field.max) : read(last, field);
  if (from === null || to === null || rest.length > 0) return `"${part}" is not ${expected(field)}`;
  if (from <= to) return { from, to, step };
  // sat-sun
  if (field.names === weekdays && to === 0) return { from, to: 7, step };
  return `"${part}" runs backwards; write two ranges with a comma`;
}

function read(text: string, { min, max, names }: Field): number | null {
  const named = names.indexOf(text);
  if (named >= 0) return min + named;
  const number = wholeNumber(text);
  return number !== null && number >= min && number <= max ? number : null;
}

function wholeNumber(text: string): number | null {
  return /^\d{1,4}$/.test(text) ? Number(text) : null;
}

function expected({ min, max, names }: Field): string {
  const named = names.length > 0 ? `, ${names[0]}..${names.at(-1)}` : "";
  return `a number ${min}..${max}${named}, a range or *`;
}

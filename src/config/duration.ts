import { nearest } from "./suggest.ts";

/** A quantity read from text, or why the text holds none. */
export type Quantity = { readonly ok: true; readonly value: number } | { readonly ok: false; readonly problem: string };

/** Largest first: the order in which they may follow each other. */
const units: readonly (readonly [unit: string, ms: number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
];

/** What people write for these units elsewhere. */
const otherNames: Readonly<Record<string, string>> = {
  msec: "ms",
  millis: "ms",
  milliseconds: "ms",
  sec: "s",
  secs: "s",
  second: "s",
  seconds: "s",
  min: "m",
  mins: "m",
  minute: "m",
  minutes: "m",
  hr: "h",
  hour: "h",
  hours: "h",
  day: "d",
  days: "d",
};

/** `500ms`, `30s`, `1h30m`, `2d`, or a bare number of seconds, to whole milliseconds. Never negative, never NaN. */
export function parseDuration(text: string): Quantity {
  const trimmed = text.trim();
  if (/^[-+]/u.test(trimmed)) return { ok: false, problem: "a duration has no sign" };
  if (/^(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/iu.test(trimmed)) return secondsToMs(Number(trimmed));
  const clock = /^(\d+):(\d\d)(?::(\d\d))?$/u.exec(trimmed);
  if (clock !== null) {
    const [, first, second, third] = clock;
    const meant = third === undefined ? `${first}m${second}s` : `${first}h${second}m${third}s`;
    return { ok: false, problem: `${trimmed} could mean two things; write it with units, such as ${meant}` };
  }
  if (!/^(\s*(\d+\.?\d*|\.\d+)\s*[^\d\s.]+)+$/u.test(trimmed)) {
    return { ok: false, problem: "write a duration such as 500ms, 30s, 5m or 1h30m" };
  }
  return sumOfParts(trimmed);
}

/** A number of seconds to whole milliseconds, at least one unless it is 0. */
export function secondsToMs(seconds: number): Quantity {
  if (!Number.isFinite(seconds)) return { ok: false, problem: "write a finite number of seconds" };
  if (seconds < 0) return { ok: false, problem: "a duration is never negative" };
  return { ok: true, value: wholeMs(seconds * 1000) };
}

function sumOfParts(text: string): Quantity {
  let total = 0;
  let previous = -1;
  for (const [, amount = "", unit = ""] of text.matchAll(/(\d+\.?\d*|\.\d+)\s*([^\d\s.]+)/gu)) {
    const index = units.findIndex(([name]) => name === unit);
    if (index === -1) return { ok: false, problem: unknownUnit(amount, unit) };
    if (index <= previous) return { ok: false, problem: "write each unit once, the largest first, such as 1h30m" };
    previous = index;
    total += Number(amount) * units[index]![1];
  }
  return { ok: true, value: wholeMs(total) };
}

function unknownUnit(amount: string, unit: string): string {
  const lower = unit.toLowerCase();
  if (/^w(eeks?)?$/u.test(lower)) return `unknown unit ${unit}; write ${Number(amount) * 7}d`;
  const meant =
    otherNames[lower] ??
    units.find(([name]) => name === lower)?.[0] ??
    otherNames[nearest(lower, Object.keys(otherNames)) ?? ""];
  return meant === undefined
    ? `unknown unit ${unit}; the units are ms, s, m, h and d`
    : `unknown unit ${unit}; write ${amount}${meant}`;
}

/** Something above zero must not become zero, which often means "for ever". */
const wholeMs = (ms: number): number => (ms > 0 ? Math.max(1, Math.round(ms)) : 0);

/** Whole milliseconds to the shortest text that `parseDuration` reads back: `0s`, `500ms`, `30s`, `1h30m`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0s";
  let rest = ms;
  let text = "";
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text;
}

import { shell } from "./marks.ts";

const unitMs: Readonly<Record<string, number>> = {
  us: 0.001,
  usec: 0.001,
  ms: 1,
  msec: 1,
  "": 1000,
  s: 1000,
  sec: 1000,
  second: 1000,
  seconds: 1000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  minutes: 60_000,
  h: 3_600_000,
  hr: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  days: 86_400_000,
  w: 604_800_000,
  week: 604_800_000,
  weeks: 604_800_000,
};

/** `90`, `5min 20s`, `500ms` to whole milliseconds; `infinity` is Infinity, what is no time null. */
export function readTimeSpan(text: string): number | null {
  if (text.trim() === "infinity") return Number.POSITIVE_INFINITY;
  const parts = [...text.matchAll(/([\d.]+)\s*([a-z]*)\s*/gu)];
  const known = parts.every(([, , unit = ""]) => unit in unitMs);
  if (parts.length === 0 || !known || parts.map(([whole]) => whole).join("") !== text.trimStart()) return null;
  const sum = parts.reduce((total, [, amount, unit = ""]) => total + Number(amount) * unitMs[unit]!, 0);
  return Number.isFinite(sum) ? Math.round(sum) : null;
}

/** What systemd calls exit codes. */
const codeNames: Readonly<Record<string, number>> = {
  SUCCESS: 0,
  FAILURE: 1,
  INVALIDARGUMENT: 2,
  NOTIMPLEMENTED: 3,
  NOPERMISSION: 4,
  NOTINSTALLED: 5,
  NOTCONFIGURED: 6,
  NOTRUNNING: 7,
  USAGE: 64,
  DATAERR: 65,
  NOINPUT: 66,
  NOUSER: 67,
  NOHOST: 68,
  UNAVAILABLE: 69,
  SOFTWARE: 70,
  OSERR: 71,
  OSFILE: 72,
  CANTCREAT: 73,
  IOERR: 74,
  TEMPFAIL: 75,
  PROTOCOL: 76,
  NOPERM: 77,
  CONFIG: 78,
};

/** Numbers, ranges and names of exit codes, and the words that are none (signals). */
export function readExitCodes(text: string): { readonly codes: readonly number[]; readonly others: readonly string[] } {
  const codes: number[] = [];
  const others: string[] = [];
  for (const word of text.split(/\s+/u).filter((each) => each !== "")) {
    const [, from, to] = /^(\d{1,3})(?:-(\d{1,3}))?$/u.exec(word) ?? [];
    const named = codeNames[word];
    if (named !== undefined) codes.push(named);
    else if (from === undefined) others.push(word);
    else for (let code = Number(from); code <= Math.min(255, Number(to ?? from)); code++) codes.push(code);
  }
  return { codes, others };
}

/** What the specifiers of a unit stand for. */
export interface UnitName {
  /** Without `.service`. */
  readonly full: string;
  readonly prefix: string;
  /** Null for a template, whose instances become workers. */
  readonly instance: string | null;
  readonly isTemplate: boolean;
}

/** The name of a unit from that of its file. */
export function unitNameOf(file: string): UnitName {
  const full = file.replace(/\.service$/u, "");
  const at = full.indexOf("@");
  if (at === -1) return { full, prefix: full, instance: "", isTemplate: false };
  const instance = full.slice(at + 1);
  return { full, prefix: full.slice(0, at), instance: instance === "" ? null : instance, isTemplate: instance === "" };
}

/** Fills in `%i`, `%n` and the like; `%%` is a `%`. What only the machine knows is left and named in `unknown`. */
export function fillSpecifiers(
  text: string,
  unit: UnitName,
): { readonly text: string; readonly unknown: readonly string[] } {
  const unknown: string[] = [];
  const instance = unit.instance ?? shell("$PM_WORKER_SLOT");
  const names: Readonly<Record<string, string>> = {
    "%": "%",
    i: instance,
    I: instance,
    p: unit.prefix,
    P: unit.prefix,
    N: unit.full + (unit.instance === null ? instance : ""),
    n: `${unit.full}${unit.instance === null ? instance : ""}.service`,
    j: unit.prefix.split("-").at(-1) ?? "",
    J: unit.prefix.split("-").at(-1) ?? "",
    H: shell("$(uname -n)"),
    t: "/run",
    S: "/var/lib",
    C: "/var/cache",
    L: "/var/log",
    E: "/etc",
    T: "/tmp",
    V: "/var/tmp",
  };
  const filled = text.replaceAll(/%(.)/gu, (whole: string, letter: string) => {
    const value = names[letter];
    if (value === undefined) unknown.push(whole);
    return value ?? whole;
  });
  return { text: filled, unknown };
}

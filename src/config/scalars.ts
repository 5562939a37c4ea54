import type { Findings } from "./findings.ts";
import { escapeDollars } from "./interpolate.ts";
import type { Path } from "./issue.ts";
import type { JsonSchema, Kind } from "./kind.ts";
import { nearest } from "./suggest.ts";

/** Text that is filled in when the file is read, and so fits wherever a number or a word is wanted. */
const filledIn: JsonSchema = { type: "string", pattern: "\\$\\{.+\\}|%env\\(.+\\)%" };

/** `schema`, or a text that is filled in from the environment. */
export function orFilledIn(schema: JsonSchema): JsonSchema {
  return { anyOf: [schema, filledIn] };
}

/** Inclusive bounds, unless `above` is given: then more than that. */
export interface Range {
  readonly min?: number;
  readonly above?: number;
  readonly max?: number;
}

/** A whole number. */
export function integer(range: Range): Kind<number> {
  return number(range, true);
}

/** A number, with a fraction or without. */
export function decimal(range: Range): Kind<number> {
  return number(range, false);
}

function number(range: Range, whole: boolean): Kind<number> {
  const expected = `${whole ? "a whole number" : "a number"}${rangeInWords(range, String)}`;
  return {
    read(value, path, findings) {
      const found = asNumber(value, path, findings);
      const fits = found !== null && inRange(found, range) && (!whole || Number.isSafeInteger(found));
      if (fits) return found;
      const unquote = typeof value === "string" && found === null && /^-?\d+(\.\d+)?$/u.test(value);
      return findings.mismatch(path, value, expected, unquote ? "remove the quotes" : undefined);
    },
    write: (value) => value,
    schema: orFilledIn({ type: whole ? "integer" : "number", ...rangeInSchema(range) }),
  };
}

/** Numbers, and text from the environment that spells one; else null. */
export function asNumber(value: unknown, path: Path, findings: Findings): number | null {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "string" || findings.place(path)?.fluid !== true) return null;
  return /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/iu.test(value) ? Number(value) : null;
}

export function inRange(value: number, { min, above, max }: Range): boolean {
  return (
    !(min !== undefined && value < min) &&
    !(above !== undefined && value <= above) &&
    !(max !== undefined && value > max)
  );
}

/** ` from 1 to 5`, ` of 1 or more`, ` above 0`, or nothing. */
export function rangeInWords({ min, above, max }: Range, format: (value: number) => string): string {
  if (above !== undefined) return ` above ${format(above)}${max === undefined ? "" : ` and up to ${format(max)}`}`;
  if (min === undefined) return max === undefined ? "" : ` of ${format(max)} or less`;
  return max === undefined ? ` of ${format(min)} or more` : ` from ${format(min)} to ${format(max)}`;
}

export function rangeInSchema({ min, above, max }: Range): JsonSchema {
  return {
    ...(min === undefined ? {} : { minimum: min }),
    ...(above === undefined ? {} : { exclusiveMinimum: above }),
    ...(max === undefined ? {} : { maximum: max }),
  };
}

/** `true` or `false`. */
export function flag(): Kind<boolean> {
  return {
    read(value, path, findings) {
      if (typeof value === "boolean") return value;
      if (findings.place(path)?.fluid === true && (value === "true" || value === "false")) return value === "true";
      const yesNo = typeof value === "string" && !findings.hidden(path) ? meantAsFlag(value) : null;
      return findings.mismatch(path, value, "true or false", yesNo === null ? undefined : `write ${yesNo}`);
    },
    write: (value) => value,
    schema: orFilledIn({ type: "boolean" }),
  };
}

/** What YAML 1.1 would have made of an unquoted word. */
function meantAsFlag(word: string): boolean | null {
  if (/^(yes|on|y|true)$/iu.test(word)) return true;
  return /^(no|off|n|false)$/iu.test(word) ? false : null;
}

/** What the text must look like beyond being text. */
export interface TextRule {
  readonly expected: string;
  /** What is wrong and what to do, or null when it is right. Must not repeat the text. */
  readonly problem?: (text: string) => string | null;
}

/** Text. Numbers and booleans count as the text they are written as, so that `1.10` stays `1.10`. */
export function text({ expected, problem }: TextRule): Kind<string> {
  return {
    read(value, path, findings) {
      const found = typeof value === "number" || typeof value === "boolean" ? findings.place(path)?.source : value;
      if (typeof found !== "string") return findings.mismatch(path, value, expected);
      const wrong = found.includes("\u{0}") ? "must not hold a NUL character; remove it" : (problem?.(found) ?? null);
      if (wrong === null) return found;
      return findings.error(path, wrong);
    },
    write: escapeDollars,
    schema: { type: ["string", "number", "boolean"] },
  };
}

/** Refuses empty text; for `TextRule.problem`. */
export function notEmpty(value: string): string | null {
  return value.trim() === "" ? "must not be empty; write a value, or remove the line" : null;
}

/** One of a few words. */
export interface WordRules {
  /** Words of other systems (and of YAML 1.1), and what to write here. */
  readonly meant?: Readonly<Record<string, string>>;
  /** Words that a later version will know. */
  readonly later?: readonly string[];
}

/** One of `words`. */
export function oneOf<const W extends string>(
  words: readonly W[],
  { meant = {}, later = [] }: WordRules = {},
): Kind<W> {
  const expected = words.length === 1 ? words[0]! : `one of ${words.join(", ")}`;
  return {
    read(value, path, findings) {
      const known = words.find((word) => word === value);
      if (known !== undefined) return known;
      if (findings.hidden(path)) return findings.mismatch(path, value, expected);
      const found = String(value);
      if (later.includes(found)) {
        return findings.error(path, `${found} is not supported by this version of pm yet; use ${expected}`);
      }
      const suggestion = meant[found.toLowerCase()] ?? (typeof value === "string" ? nearest(value, words) : null);
      return findings.mismatch(path, value, expected, suggestion === null ? undefined : `did you mean ${suggestion}?`);
    },
    write: (value) => value,
    schema: orFilledIn({ enum: words }),
  };
}

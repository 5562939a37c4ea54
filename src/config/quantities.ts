import { formatDuration, parseDuration, secondsToMs } from "./duration.ts";
import type { Kind } from "./kind.ts";
import { asNumber, inRange, orFilledIn, rangeInSchema, rangeInWords, type Range } from "./scalars.ts";
import { formatSize, parseSize } from "./size.ts";

/** A hundred years: longer is a slip of the keyboard. */
const longestMs = 36_500 * 86_400_000;

/** Seconds, or text with units, as milliseconds within `range` (also milliseconds). */
export function duration(range: Range): Kind<number> {
  const bounds = { max: longestMs, ...range };
  const expected = `a duration${rangeInWords(range, formatDuration)}`;
  const inSeconds = Object.fromEntries(Object.entries(range).map(([name, ms]) => [name, ms / 1000]));
  return {
    read(value, path, findings) {
      const seconds = asNumber(value, path, findings);
      if (typeof value !== "string" && seconds === null)
        return findings.mismatch(path, value, expected, "write seconds, or text such as 500ms, 30s, 5m, 1h30m");
      const found = seconds === null ? parseDuration(String(value)) : secondsToMs(seconds);
      if (found.ok && inRange(found.value, bounds)) return found.value;
      if (found.ok || findings.hidden(path)) return findings.mismatch(path, value, expected);
      return findings.mismatch(path, value, expected, found.problem);
    },
    write: formatDuration,
    schema: {
      anyOf: [
        { type: "number", ...rangeInSchema(inSeconds) },
        { type: "string", pattern: "^\\s*[0-9.]|\\$\\{.+\\}|%env\\(.+\\)%" },
      ],
    },
  };
}

/** How a bare number is to be understood, and when it looks like a mistake. */
export interface SizeRules {
  readonly minBytes: number;
  readonly maxBytes?: number;
  readonly bareUnitBytes: number;
  /** Warns about a bare number, or not. */
  readonly suspicion?: (bare: number) => string | null;
}

/** Text with a unit, or a bare number in `bareUnitBytes`, as bytes. */
export function size({
  minBytes,
  maxBytes = Number.MAX_SAFE_INTEGER,
  bareUnitBytes,
  suspicion,
}: SizeRules): Kind<number> {
  const isBounded = maxBytes < Number.MAX_SAFE_INTEGER;
  const expected = `a size of ${formatSize(minBytes)} ${isBounded ? `to ${formatSize(maxBytes)}` : "or more"}`;
  return {
    read(value, path, findings) {
      const bare = asNumber(typeof value === "string" && /^\d+$/u.test(value) ? Number(value) : value, path, findings);
      if (typeof value !== "string" && bare === null)
        return findings.mismatch(path, value, expected, "write text such as 128M, 64MiB or 1G");
      const found =
        bare === null ? parseSize(String(value)) : { ok: true as const, value: Math.round(bare * bareUnitBytes) };
      if (!found.ok) return findings.mismatch(path, value, expected, findings.hidden(path) ? undefined : found.problem);
      if (!Number.isSafeInteger(found.value) || found.value < minBytes || found.value > maxBytes) {
        const meant =
          bare !== null && bare > 0 && found.value < minBytes && bareUnitBytes === 1 && !findings.hidden(path)
            ? `a bare number is bytes; write ${bare}M for megabytes`
            : undefined;
        return findings.mismatch(path, value, expected, meant);
      }
      const doubt = bare === null ? null : (suspicion?.(bare) ?? null);
      if (doubt !== null) findings.warn(path, doubt);
      return found.value;
    },
    write: formatSize,
    schema: orFilledIn({
      anyOf: [
        { type: "number", ...rangeInSchema(minBytes === 0 ? { min: 0 } : { above: 0 }) },
        { type: "string", pattern: "^\\s*[0-9.]" },
      ],
    }),
  };
}

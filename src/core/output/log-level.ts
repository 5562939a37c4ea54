import type { LogLevel } from "../farm/log-record.ts";

/** The members of a JSON object that hold a level, the most telling first. */
const levelKeys = ["level_name", "levelname", "level", "severity", "lvl", "log.level", "@l"];
/** How much of a plain line is searched. */
const headLength = 256;

const namesOf: Readonly<Record<LogLevel, readonly string[]>> = {
  debug: ["trace", "verbose", "debug"],
  info: ["info", "information", "notice"],
  warning: ["warn", "warning"],
  error: ["err", "error", "crit", "critical", "alert", "emerg", "emergency", "fatal", "panic", "dpanic"],
};
const levels = ["debug", "info", "warning", "error"] as const;
const byName = new Map(levels.flatMap((level) => namesOf[level].map((name) => [name, level] as const)));

/** `[2026-11-22T10:00:00+00:00] messenger.ERROR: …`, as Monolog writes lines. */
const monologLine = /^\[[^\]]*\] [\w.-]+\.([A-Z]+): /u;
/** `time=… level=warn msg=…`, as logfmt has it. */
const logfmt = /(?:^|\s)(?:level|lvl|severity)="?([A-Za-z]+)\b/u;

/**
 * The level that a line gives itself: in a member of a JSON object, by name or by a number as Monolog, pino, bunyan and syslog count; in a
 * line of Monolog; in logfmt. Null when it has none that is known.
 */
export function readLevel(line: string): LogLevel | null {
  const fromObject = levelOfObject(line);
  if (fromObject !== null) return fromObject;
  const head = line.slice(0, headLength);
  const [, name = ""] = monologLine.exec(head) ?? logfmt.exec(head) ?? [];
  return levelOf(name);
}

function levelOfObject(line: string): LogLevel | null {
  if (!line.trimStart().startsWith("{")) return null;
  const members = parse(line);
  for (const key of levelKeys) {
    const level = levelOf(members[key]);
    if (level !== null) return level;
  }
  return null;
}

/** Without members when it is no JSON after all. */
function parse(line: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(line); // what begins with a brace is an object
  } catch {
    return {};
  }
}

function levelOf(value: unknown): LogLevel | null {
  if (typeof value === "string") return byName.get(value.toLowerCase()) ?? null;
  return typeof value === "number" ? levelOfNumber(value) : null;
}

/** 0…7 as syslog and GELF count (0 the worst), 10…60 as pino and bunyan, 100…600 as Monolog. */
function levelOfNumber(number: number): LogLevel | null {
  if (!(number >= 0 && number <= 600)) return null;
  if (number < 8) return number <= 3 ? "error" : number <= 4 ? "warning" : number <= 6 ? "info" : "debug";
  const [info, warning, error] = number < 100 ? [30, 40, 50] : [200, 300, 400];
  if (number < info) return "debug";
  if (number < warning) return "info";
  return number < error ? "warning" : "error";
}

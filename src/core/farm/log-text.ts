import type { LogLevel, LogRecord } from "./log-record.ts";

/** Levels as Monolog numbers and names them, so that pm's lines sort among those of PHP workers. */
const monolog = {
  debug: [100, "DEBUG"],
  info: [200, "INFO"],
  warning: [300, "WARNING"],
  error: [400, "ERROR"],
} as const satisfies Record<LogLevel, readonly [number, string]>;

/** One JSON object in Monolog's shape, for collectors; no newline, inside or at the end. */
export function jsonLine(record: LogRecord, at: Date): string {
  const [level, levelName] = monolog[record.level];
  const context = Object.entries(record.context).map(([key, value]) => `${JSON.stringify(key)}:${encode(value)}`);
  return (
    `{"message":${encode(record.message)},"context":{${context.join(",")}},"level":${level},"level_name":"${levelName}",` +
    `"channel":"pm","datetime":"${at.toISOString().replace("Z", "+00:00")}","extra":{}}`
  );
}

/** A message and its context for a terminal, on one line: `Worker started.  worker=1 consumer=async pid=123`. */
export function plainText({ message, context }: LogRecord): { readonly message: string; readonly context: string } {
  const pairs = Object.entries(context)
    .filter(([, value]) => !(Array.isArray(value) && value.length === 0))
    .map(([key, value]) => `${key}=${plainValue(value)}`);
  return { message: visible(withoutStack(message)), context: pairs.join(" ") };
}

function plainValue(value: unknown): string {
  if (Array.isArray(value) && value.every((item) => isWord(item))) return value.join(",");
  return isWord(value) ? value : visible(encode(value));
}

/** Text that can stand alone: no space to end it, nothing that needs quotes or steers a terminal. */
function isWord(value: unknown): value is string {
  return typeof value === "string" && /^[^\s"\p{C}]+$/u.test(value);
}

/** Control characters (the C1 ones too, which JSON leaves alone) must never reach a terminal: workers choose some of the text. */
export function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** JSON of anything: errors become their message, stacks are cut off, what JSON cannot hold becomes text. */
function encode(value: unknown): string {
  if (typeof value === "number" && Number.isFinite(value)) return String(value); // as below, in a tenth of the time
  if (typeof value === "string") return JSON.stringify(withoutStack(value));
  try {
    return JSON.stringify(value, portable) ?? JSON.stringify(String(value));
  } catch {
    return JSON.stringify(String(value)); // a cycle
  }
}

function portable(_key: string, value: unknown): unknown {
  if (value instanceof Error) return withoutStack(value.message);
  if (typeof value === "string") return withoutStack(value);
  return typeof value === "bigint" ? String(value) : value;
}

function withoutStack(text: string): string {
  return text.includes("\n") ? withoutFrames(text) : text;
}

function withoutFrames(text: string): string {
  return text.replace(/(?:\n\s+at [^\n]*)+/gu, "");
}

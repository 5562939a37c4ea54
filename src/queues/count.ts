import { failed, type Failure, type QueueReading } from "./queue.ts";

/** Nobody has more workers, and a program that says so means something else. */
const mostWorkers = 100_000;

/** A number of messages from what a source gave: a number or its text. Fractions (of averages) stay. */
export function toDepth(value: unknown): QueueReading {
  const depth = toNumber(value);
  if (depth === null || !Number.isFinite(depth)) return failed(`it gave ${quote(value)}, which is no number`);
  if (depth < 0) return failed(`it gave ${quote(value)}, which is below 0`);
  if (depth > Number.MAX_SAFE_INTEGER) return failed(`it gave ${quote(value)}, which is too many`);
  return { ok: true, depth };
}

/** A number of workers from what a program printed: digits and nothing else, 0 to 100,000. */
export function toWorkers(text: string): { readonly ok: true; readonly workers: number } | Failure {
  const digits = text.trim();
  if (!/^\d+$/u.test(digits)) return failed(`it said ${quote(digits)}; a whole number of workers is needed`);
  const workers = Number(digits);
  if (workers > mostWorkers) return failed(`it said ${quote(digits)}; more than ${mostWorkers} workers is a mistake`);
  return { ok: true, workers };
}

function toNumber(value: unknown): number | null {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "string") return null;
  return /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?\s*$/iu.test(value) ? Number(value) : null;
}

/** Enough of a value to recognise it by. */
function quote(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "bigint" || typeof value === "number") return String(value);
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

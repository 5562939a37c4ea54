import * as v from "valibot";
import type { LaneAnswer } from "../core/tasks/lane-answer.ts";
import { memberText, onOneLine } from "./json-member.ts";
import { parseJson } from "./worker-frames.ts";

/**
 * Tasks of a jsonl worker: one a line on its stdin, one answer a line on its stdout. What is read here comes from programs in any
 * language, so nothing in it is trusted.
 */

/** Longest message of an error; longer ones are cut. */
const maxMessageLength = 1_000;

/** The line that hands a task over. `payload` is a JSON text on one line. */
export function taskLine(id: number, payload: string): string {
  return `{"id":${id},"payload":${payload}}\n`;
}

/** What a line of the worker says; `garbage` is no answer to any task. */
export type TaskLine =
  | { readonly kind: "answer"; readonly id: number; readonly answer: LaneAnswer }
  | { readonly kind: "garbage" };

/**
 * Reads one line, without its newline. A result is passed on exactly as it was written: numbers no program can hold keep their spelling,
 * and keys their order. An error that is not null wins over a result.
 */
export function parseTaskLine(line: string): TaskLine {
  const [opening, digits] = plainAnswer.exec(line) ?? [];
  const plain = opening === undefined ? undefined : soleValue(line, opening.length);
  const id = Number(digits);
  return plain !== undefined && Number.isSafeInteger(id)
    ? answered(id, { ok: true, result: plain })
    : parseAnyShape(line);
}

/** What nearly every answer looks like: its one value can be checked without reading the members. */
const plainAnswer = /^[ \t]*\{[ \t]*"id"[ \t]*:[ \t]*(0|[1-9]\d*)[ \t]*,[ \t]*"result"[ \t]*:/u;
const garbage: TaskLine = { kind: "garbage" };
const anyShape = v.object({
  id: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  result: v.optional(v.unknown()),
  error: v.optional(v.unknown()),
});

function parseAnyShape(line: string): TaskLine {
  const parsed = v.safeParse(anyShape, parseJson(line));
  if (!parsed.success) return garbage;
  const { id, result, error } = parsed.output;
  if (error !== undefined && error !== null) return answered(id, failure(error));
  const text = result === undefined ? null : memberText(line, "result");
  return text === null ? garbage : answered(id, { ok: true, result: onOneLine(text) });
}

/** The text between `start` and the brace that ends the line; undefined unless it is one whole value. */
function soleValue(line: string, start: number): string | undefined {
  const end = line.lastIndexOf("}");
  if (end < start || !blank.test(line.slice(end + 1))) return undefined;
  const text = line.slice(start, end);
  return parseJson(text) === undefined ? undefined : onOneLine(text);
}

const blank = /^[ \t\r]*$/u;

function answered(id: number, answer: LaneAnswer): TaskLine {
  return { kind: "answer", id, answer };
}

const errorObject = v.looseObject({ message: v.optional(v.unknown()), retry: v.optional(v.unknown()) });

function failure(error: unknown): LaneAnswer {
  const parsed = v.safeParse(errorObject, error);
  if (!parsed.success || Array.isArray(error)) {
    const isText = typeof error === "string";
    return { ok: false, message: messageOf(error), details: isText ? null : jsonText(error), kind: "failed" };
  }
  const { message, retry, ...more } = parsed.output;
  const details = Object.keys(more).length === 0 ? null : jsonText(more);
  return { ok: false, message: messageOf(message), details, kind: retry === false ? "final" : "failed" };
}

/** One line for people, whatever the worker gave for it. */
function messageOf(said: unknown): string {
  const line = typeof said === "string" ? said.replaceAll(/\s+/gu, " ").trim() : "";
  return line === "" ? "the worker gave no reason" : line.slice(0, maxMessageLength).toWellFormed();
}

/** Null for a value that is nested too deeply to be written again. */
function jsonText(value: unknown): string | null {
  try {
    return JSON.stringify(value);
  } catch {
    return null;
  }
}

import * as v from "valibot";
import { nearest } from "../../config/suggest.ts";
import { readBounded } from "./bounded-body.ts";

/** `message` is one line about the first thing that is wrong. */
export type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

/** The members of a body or query. */
export interface Members extends v.GenericSchema {
  readonly entries: Readonly<Record<string, unknown>>;
}

/** Checks the members of a body or query by their schema. */
export function readMembers<S extends Members>(schema: S, value: unknown): Read<v.InferOutput<S>> {
  if (Array.isArray(value)) return { ok: false, message: "the body must be a JSON object" };
  const parsed = v.safeParse(schema, value, { abortEarly: true });
  if (parsed.success) return { ok: true, value: parsed.output };
  return { ok: false, message: explain(parsed.issues[0], Object.keys(schema.entries)) };
}

function explain(issue: v.BaseIssue<unknown>, known: readonly string[]): string {
  const name = issue.path?.[0]?.key;
  if (typeof name !== "string") return "the body must be a JSON object";
  if (known.includes(name)) {
    return issue.type === "strict_object" ? `${name} is missing` : `${name} ${issue.message}`;
  }
  const near = nearest(name, known);
  const allowed = known.length === 0 ? "there are none here" : `there are ${known.join(", ")}`;
  return `unknown member ${JSON.stringify(name)}; ${near === null ? allowed : `did you mean ${near}?`}`;
}

/** The members of a query. One that is given twice is an error, for nobody could say which one counts. */
export function readQuery<S extends Members>(schema: S, query: string): Read<v.InferOutput<S>> {
  const pairs = [...new URLSearchParams(query)];
  const names = pairs.map(([name]) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) return { ok: false, message: `${twice} is given twice; give it once` };
  return readMembers(schema, Object.fromEntries(pairs));
}

/** Longest body in bytes of what is no task. */
export const maxBodyBytes = 65_536;

/** The members of a body of JSON, whatever type the client says it has; no body is an empty one. `too_long`: more than may be. */
export async function readBody<S extends Members>(
  schema: S,
  request: Request,
): Promise<Read<v.InferOutput<S>> | "too_long"> {
  const bytes = await readBounded(request, maxBodyBytes);
  if (bytes === "too_long") return bytes;
  if (bytes === "broken") return { ok: false, message: "the body did not come whole" };
  const text = new TextDecoder().decode(bytes);
  if (text.trim() === "") return readMembers(schema, {});
  try {
    return readMembers(schema, JSON.parse(text));
  } catch {
    return { ok: false, message: "the body is no JSON; send an object such as {}" };
  }
}

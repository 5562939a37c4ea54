import { COMMA, OPEN_BRACE, OPEN_BRACKET, QUOTE } from "../core/output/ascii.ts";
import { isKey, keyName } from "../core/output/json-key.ts";
import { JsonScanner } from "../core/output/json-scan.ts";
import { spaceEnd } from "../core/output/json-token.ts";
import { closingQuote, valueEnd } from "../core/output/json-walk.ts";

/** A value within bytes that are valid JSON. It is never parsed as a whole: numbers keep their spelling, and 20 MB cost no objects. */
export interface JsonPlace {
  readonly bytes: Uint8Array;
  /** Where it begins. */
  readonly at: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const wrapping = encoder.encode('{"":');
const valueStart = /^[[{"0-9tfn-]/u;

/** The one JSON value that the bytes are, in valid UTF-8; null when they are anything else. */
export function jsonPlace(bytes: Uint8Array): JsonPlace | null {
  const at = spaceEnd(bytes, 0, bytes.length);
  if (!valueStart.test(String.fromCharCode(bytes[at] ?? 0))) return null;
  if (bytes[at] === OPEN_BRACE && new JsonScanner().scan(bytes, at, bytes.length)) return { bytes, at };
  // The scanner knows objects with a member only.
  const wrapped = new Uint8Array(wrapping.length + bytes.length - at + 1);
  wrapped.set(wrapping);
  wrapped.set(bytes.subarray(at), wrapping.length);
  wrapped[wrapped.length - 1] = "}".charCodeAt(0);
  const isOneValue =
    new JsonScanner().scan(wrapped, 0, wrapped.length) &&
    spaceEnd(wrapped, valueEnd(wrapped, wrapping.length), wrapped.length) === wrapped.length - 1;
  return isOneValue ? { bytes: wrapped, at: wrapping.length } : null;
}

/** The member of this name, or the element of this number; the last one where a name comes twice; null when there is none. */
export function within({ bytes, at }: JsonPlace, name: string): JsonPlace | null {
  if (bytes[at] === OPEN_BRACKET) return element(bytes, at, name);
  if (bytes[at] !== OPEN_BRACE) return null;
  const key = keyName(name);
  let found: JsonPlace | null = null;
  for (let i = skip(bytes, at + 1); bytes[i] === QUOTE;) {
    const keyEnd = closingQuote(bytes, i + 1);
    const value = skip(bytes, skip(bytes, keyEnd + 1) + 1);
    if (isKey(bytes, i + 1, keyEnd, key)) found = { bytes, at: value };
    i = nextValue(bytes, value);
  }
  return found;
}

/** The value as JSON text on one line; nothing else about it is changed. */
export function placeText({ bytes, at }: JsonPlace): string {
  const text = decoder.decode(bytes.subarray(at, valueEnd(bytes, at)));
  // No string of JSON holds a newline, so that all of them are between the values.
  return /[\r\n]/u.test(text) ? text.replaceAll(/[\r\n][ \t\r\n]*/gu, "") : text;
}

/** A string as what it says, anything else as JSON text. */
export function placeWords(place: JsonPlace): string {
  const text = placeText(place);
  return text.startsWith('"') ? String(JSON.parse(text)) : text;
}

function element(bytes: Uint8Array, at: number, name: string): JsonPlace | null {
  if (!/^(?:0|[1-9]\d*)$/u.test(name)) return null;
  let i = skip(bytes, at + 1);
  for (let left = Number(name); left > 0 && bytes[i] !== CLOSE; left--) i = nextValue(bytes, i);
  return bytes[i] === CLOSE ? null : { bytes, at: i };
}

const CLOSE = "]".charCodeAt(0);

/** Behind the value at `at`, and the comma that may follow it. */
function nextValue(bytes: Uint8Array, at: number): number {
  const end = skip(bytes, valueEnd(bytes, at));
  return bytes[end] === COMMA ? skip(bytes, end + 1) : end;
}

function skip(bytes: Uint8Array, at: number): number {
  return spaceEnd(bytes, at, bytes.length);
}

import { BACKSLASH } from "./ascii.ts";
import { PLAIN } from "./json-token.ts";
import { utf8Length } from "./utf8.ts";

const encoder = new TextEncoder();
const REPLACEMENT = encoder.encode("\ufffd");

/** For each ASCII byte that must be escaped in a JSON string, how: `\n`, `\"`, `\u0001`. */
const ESCAPES: readonly Uint8Array[] = Array.from({ length: BACKSLASH + 1 }, (_, byte) =>
  encoder.encode(JSON.stringify(String.fromCharCode(byte)).slice(1, -1)),
);

/** Most bytes that one byte of text becomes in a JSON string. */
export const MAX_ESCAPED_BYTES = 6;

/**
 * Writes the bytes [start, end) of `text` as the inside of a JSON string to `out` at `at`, and returns where it ends.
 * What is no UTF-8 becomes U+FFFD; only what must be escaped is.
 */
export function writeJsonText(out: Uint8Array, at: number, text: Uint8Array, start: number, end: number): number {
  let to = at;
  for (let i = start; i < end;) {
    const byte = text[i]!;
    if (PLAIN[byte] === 1) {
      out[to++] = byte;
      i++;
      continue;
    }
    if (byte < 0x80) {
      // DEL is plain, so that all others below 0x80 are in the table.
      to = writeBytes(out, to, ESCAPES[byte]!);
      i++;
      continue;
    }
    const length = utf8Length(text, i, end);
    if (length < 0) to = writeBytes(out, to, REPLACEMENT);
    for (let k = 0; k < length; k++) out[to++] = text[i + k]!;
    i += Math.abs(length);
  }
  return to;
}

/** Writes all of `bytes` to `out` at `at`, and returns where it ends. For a few bytes: a call of `set` costs as much as ten. */
export function writeBytes(out: Uint8Array, at: number, bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; i++) out[at + i] = bytes[i]!;
  return at + bytes.length;
}

import { BACKSLASH } from "./ascii.ts";

/** The name of a member, ready to be looked for in bytes. */
export interface KeyName {
  readonly text: string;
  readonly utf8: Uint8Array;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function keyName(text: string): KeyName {
  return { text, utf8: encoder.encode(text) };
}

/** Whether the valid JSON string between the quotes at `start - 1` and `end` spells `name`, with escapes or without. */
export function isKey(bytes: Uint8Array, start: number, end: number, name: KeyName): boolean {
  const { utf8 } = name;
  for (let i = 0; i < utf8.length; i++) {
    const byte = bytes[start + i];
    // All before it is equal, so what begins no escape here decides; behind the last byte of a key is its quote.
    if (byte === BACKSLASH) return decodeString(bytes, start, end) === name.text;
    if (byte !== utf8[i]) return false;
  }
  return start + utf8.length === end;
}

function decodeString(bytes: Uint8Array, start: number, end: number): unknown {
  return JSON.parse(decoder.decode(bytes.subarray(start - 1, end + 1)));
}

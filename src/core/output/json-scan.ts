import { CLOSE_BRACE, CLOSE_BRACKET, COLON, COMMA, NINE, OPEN_BRACE, OPEN_BRACKET, QUOTE, SPACE } from "./ascii.ts";
import { isKey, keyName } from "./json-key.ts";
import { INVALID, literalEnd, numberEnd, spaceEnd, stringEnd } from "./json-token.ts";

/** What the last top-level member called `extra` holds. */
export type ExtraKind = "none" | "emptyObject" | "object" | "emptyList" | "list" | "other";

const EXTRA = keyName("extra");
const SHALLOW_WORDS = 8;

/**
 * Tells whether a line is one JSON object with a member in it, exactly by RFC 8259 and in valid UTF-8, and where
 * something can be put into it. One object serves any number of lines, and allocates nothing for a line unless it is
 * nested deeper than all before it. Time is linear in the line, depth is bounded by memory alone.
 */
export class JsonScanner {
  /** Behind the value of the last top-level member. All fields describe the last line for which `scan` was true. */
  lastMemberEnd = 0;
  extraKind: ExtraKind = "none";
  /** The value of the last top-level `extra`; without meaning when there is none. */
  extraStart = 0;
  extraEnd = 0;

  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(this.#bytes.buffer);
  /** One bit a level: whether what surrounds that level is an object. */
  #outer: Int32Array = new Int32Array(SHALLOW_WORDS);

  /** Looks at the bytes [start, end) only. They must not change while it runs, and `bytes` must not be detached. */
  scan(bytes: Uint8Array, start: number, end: number): boolean {
    const first = spaceEnd(bytes, start, end);
    if (first >= end || bytes[first] !== OPEN_BRACE) return false;
    if (bytes !== this.#bytes) this.#look(bytes);
    const isObject = this.#scanObject(first, end);
    if (this.#outer.length > SHALLOW_WORDS) this.#outer = new Int32Array(SHALLOW_WORDS);
    return isObject;
  }

  #look(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** One turn of the outer loop for a value (with its key, in an object), one of the inner for each end of a container. */
  #scanObject(start: number, end: number): boolean {
    const bytes = this.#bytes;
    const view = this.#view;
    let outer = this.#outer;
    let i = start + 1;
    let depth = 1;
    let inObject = true;
    let isExtra = false;
    let lastMemberEnd = 0;
    let extraStart = INVALID;
    let extraEnd = 0;

    nextValue: for (;;) {
      if (inObject) {
        if (bytes[i]! <= SPACE) i = spaceEnd(bytes, i, end);
        if (i >= end || bytes[i] !== QUOTE) return false;
        const keyStart = i + 1;
        i = stringEnd(bytes, view, keyStart, end);
        if (i === INVALID) return false;
        if (depth === 1) isExtra = isKey(bytes, keyStart, i - 1, EXTRA);
        if (bytes[i]! <= SPACE) i = spaceEnd(bytes, i, end);
        if (i >= end || bytes[i] !== COLON) return false;
        i++;
      }
      if (bytes[i]! <= SPACE) i = spaceEnd(bytes, i, end);
      if (i >= end) return false;
      if (isExtra && depth === 1) extraStart = i;

      const byte = bytes[i]!;
      if (byte === QUOTE) i = stringEnd(bytes, view, i + 1, end);
      else if (byte <= NINE) i = numberEnd(bytes, i, end);
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        const word = depth >>> 5;
        if (word === outer.length) outer = this.#deepen();
        if (inObject) outer[word]! |= 1 << depth;
        else outer[word]! &= ~(1 << depth);
        const isObject = byte === OPEN_BRACE;
        i++;
        if (bytes[i]! <= SPACE) i = spaceEnd(bytes, i, end);
        if (i >= end) return false;
        if (bytes[i] !== (isObject ? CLOSE_BRACE : CLOSE_BRACKET)) {
          inObject = isObject;
          depth++;
          continue nextValue;
        }
        i++;
      } else i = literalEnd(view, i, end);
      if (i === INVALID) return false;

      for (;;) {
        if (depth === 1) {
          lastMemberEnd = i;
          if (isExtra) extraEnd = i;
        }
        if (bytes[i]! <= SPACE) i = spaceEnd(bytes, i, end);
        if (i >= end) return false;
        const after = bytes[i++];
        if (after === COMMA) continue nextValue;
        if (after !== (inObject ? CLOSE_BRACE : CLOSE_BRACKET)) return false;
        depth--;
        if (depth === 0) break nextValue;
        inObject = ((outer[depth >>> 5]! >>> depth) & 1) === 1;
      }
    }
    if (spaceEnd(bytes, i, end) !== end) return false;
    this.lastMemberEnd = lastMemberEnd;
    this.extraStart = extraStart;
    this.extraEnd = extraEnd;
    this.extraKind = extraStart === INVALID ? "none" : kindOf(bytes, extraStart, extraEnd);
    return true;
  }

  #deepen(): Int32Array {
    const deeper = new Int32Array(this.#outer.length * 4);
    deeper.set(this.#outer);
    this.#outer = deeper;
    return deeper;
  }
}

function kindOf(bytes: Uint8Array, start: number, end: number): ExtraKind {
  const open = bytes[start];
  if (open !== OPEN_BRACE && open !== OPEN_BRACKET) return "other";
  const isEmpty = spaceEnd(bytes, start + 1, end) === end - 1;
  if (open === OPEN_BRACE) return isEmpty ? "emptyObject" : "object";
  return isEmpty ? "emptyList" : "list";
}

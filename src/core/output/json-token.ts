import { BACKSLASH, CR, DOT, LF, LOWER_E, LOWER_U, MINUS, NINE, PLUS, QUOTE } from "./ascii.ts";
import { SPACE, TAB, UPPER_E, ZERO } from "./ascii.ts";
import { utf8Length } from "./utf8.ts";

/**
 * The tokens of RFC 8259. Each function takes where a token begins, sees the bytes before `end` only, and returns where
 * the token ends, or INVALID.
 */
export const INVALID = -1;

/** 1 for the ASCII bytes that stand for themselves inside a JSON string. */
export const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= SPACE && byte < 0x80 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);

const SHORT_ESCAPE = tableOf('"\\/bfnrt');
const HEX_DIGIT = tableOf("0123456789abcdefABCDEF");

/** The first byte at or after `at` that is no white space, or `end`. */
export function spaceEnd(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  for (; i < end; i++) {
    const byte = bytes[i];
    if (byte !== SPACE && byte !== TAB && byte !== LF && byte !== CR) break;
  }
  return i;
}

/**
 * A string, from behind its opening quote to behind its closing one. `view` looks at the same memory as `bytes`: four bytes
 * at a time are a quarter faster than one. In `found`, each byte has its top bit set that is a quote or a control character
 * (after the xor, below 0x21), a backslash (below 1) or beyond ASCII (which one of the two leaves at 0x80 or more). Above
 * the lowest such byte a borrow may set bits too, so only the lowest counts. Branches find it faster than counting zeros
 * does, for the processor guesses them.
 */
export function stringEnd(bytes: Uint8Array, view: DataView, at: number, end: number): number {
  let i = at;
  for (const last = end - 4; i <= last;) {
    const word = view.getInt32(i, true);
    const found = (((word ^ 0x02020202) - 0x21212121) | ((word ^ 0x5c5c5c5c) - 0x01010101)) & 0x80808080;
    if (found === 0) {
      i += 4;
      continue;
    }
    if ((found & 0x80) === 0) {
      if ((found & 0x8000) !== 0) i += 1;
      else i += (found & 0x800000) !== 0 ? 2 : 3;
    }
    if (bytes[i] === QUOTE) return i + 1;
    i = oddCharacterEnd(bytes, i, end);
    if (i === INVALID) return INVALID;
  }
  return shortStringEnd(bytes, i, end);
}

/** A number, as far as it goes: what follows it is for the caller to judge. */
export function numberEnd(bytes: Uint8Array, at: number, end: number): number {
  const integer = bytes[at] === MINUS ? at + 1 : at;
  let i = bytes[integer] === ZERO ? integer + 1 : digitsEnd(bytes, integer, end);
  if (i === integer) return INVALID;
  if (bytes[i] === DOT) {
    const fraction = i + 1;
    i = digitsEnd(bytes, fraction, end);
    if (i === fraction) return INVALID;
  }
  if (bytes[i] === LOWER_E || bytes[i] === UPPER_E) {
    const isSigned = bytes[i + 1] === PLUS || bytes[i + 1] === MINUS;
    const exponent = isSigned ? i + 2 : i + 1;
    i = digitsEnd(bytes, exponent, end);
    if (i === exponent) return INVALID;
  }
  return i <= end ? i : INVALID;
}

/** One of true, false and null. */
export function literalEnd(view: DataView, at: number, end: number): number {
  if (at + 4 > end) return INVALID;
  const word = view.getInt32(at, true);
  if (word === 0x65757274 || word === 0x6c6c756e) return at + 4;
  const isFalse = word === 0x736c6166 && at + 5 <= end && view.getUint8(at + 4) === LOWER_E;
  return isFalse ? at + 5 : INVALID;
}

/** `stringEnd` for the last three bytes of a line, where no whole word is left. */
function shortStringEnd(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end) {
    if (bytes[i] === QUOTE) return i + 1;
    i = PLAIN[bytes[i]!] === 1 ? i + 1 : oddCharacterEnd(bytes, i, end);
    if (i === INVALID) return INVALID;
  }
  return INVALID;
}

/** An escape or a character beyond ASCII; a control character is neither. */
function oddCharacterEnd(bytes: Uint8Array, at: number, end: number): number {
  const byte = bytes[at]!;
  if (byte >= 0x80) return foreignTextEnd(bytes, at, end);
  if (byte !== BACKSLASH || at + 1 >= end) return INVALID;
  const escaped = bytes[at + 1]!;
  if (SHORT_ESCAPE[escaped] === 1) return at + 2;
  if (escaped !== LOWER_U || at + 6 > end) return INVALID;
  for (let i = at + 2; i < at + 6; i++) if (HEX_DIGIT[bytes[i]!] !== 1) return INVALID;
  return at + 6;
}

/** Characters beyond ASCII mostly come in words, so that the next one is looked for at once. */
function foreignTextEnd(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end && bytes[i]! >= 0x80) {
    const length = utf8Length(bytes, i, end);
    if (length < 0) return INVALID;
    i += length;
  }
  return i;
}

function digitsEnd(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end && bytes[i]! >= ZERO && bytes[i]! <= NINE) i++;
  return i;
}

function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
}

import { BACKSLASH, CLOSE_BRACE, CLOSE_BRACKET, COMMA, OPEN_BRACE, OPEN_BRACKET, QUOTE, SPACE } from "./ascii.ts";

/*
 * Steps through JSON that the scanner has found valid: nothing is checked again, and no end is needed since every value
 * is known to be closed.
 */

/** Behind the value that begins at `at`. Needs no stack: in valid JSON the brackets of both kinds match. */
export function valueEnd(bytes: Uint8Array, at: number): number {
  const first = bytes[at];
  if (first === QUOTE) return closingQuote(bytes, at + 1) + 1;
  let i = at;
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) {
    while (!endsScalar(bytes[i]!)) i++;
    return i;
  }
  let depth = 0;
  do {
    const byte = bytes[i]!;
    if (byte === QUOTE) i = closingQuote(bytes, i + 1);
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
    i++;
  } while (depth > 0);
  return i;
}

/** The quote that closes the string whose text begins at `at`. */
export function closingQuote(bytes: Uint8Array, at: number): number {
  let i = at;
  while (bytes[i] !== QUOTE) i += bytes[i] === BACKSLASH ? 2 : 1;
  return i;
}

function endsScalar(byte: number): boolean {
  return byte <= SPACE || byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET;
}

/**
 * The character that begins at `at`, seen up to `end`: its length 1..4 when it is well-formed UTF-8, else minus the
 * length 1..3 of the ill-formed piece that stands for one U+FFFD (the maximal subpart of the WHATWG decoder).
 */
export function utf8Length(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at]!;
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return -1;
  const second = at + 1 < end ? bytes[at + 1]! : 0;
  if (second < lowestSecond(lead) || second > highestSecond(lead)) return -1;
  if (lead < 0xe0) return 2;
  if (at + 2 >= end || !isContinuation(bytes[at + 2]!)) return -2;
  if (lead < 0xf0) return 3;
  return at + 3 < end && isContinuation(bytes[at + 3]!) ? 4 : -3;
}

/** Where the text of [start, end) ends when a character cut in half at `end` is left out. */
export function wholeCharactersEnd(bytes: Uint8Array, start: number, end: number): number {
  for (let at = end - 1; at >= start && at >= end - 3; at--) {
    const byte = bytes[at]!;
    if (byte < 0x80) return end;
    if (byte >= 0xc2 && byte <= 0xf4) {
      const isCut = at + sequenceLength(byte) > end && utf8Length(bytes, at, end) === at - end;
      return isCut ? at : end;
    }
  }
  return end;
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

function sequenceLength(lead: number): number {
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}

/** Overlong forms are kept out by a higher least second byte. */
function lowestSecond(lead: number): number {
  if (lead === 0xe0) return 0xa0;
  return lead === 0xf0 ? 0x90 : 0x80;
}

/** Surrogates and what is beyond U+10FFFF are kept out by a lower greatest second byte. */
function highestSecond(lead: number): number {
  if (lead === 0xed) return 0x9f;
  return lead === 0xf4 ? 0x8f : 0xbf;
}

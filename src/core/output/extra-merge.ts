import { CLOSE_BRACE, CLOSE_BRACKET, COMMA, OPEN_BRACE } from "./ascii.ts";
import { isKey } from "./json-key.ts";
import { spaceEnd } from "./json-token.ts";
import { closingQuote, valueEnd } from "./json-walk.ts";
import type { OutputBlock } from "./output-block.ts";
import type { Tag, TagMember } from "./tag.ts";

/*
 * For an `extra` that has something in it. Both functions write `line` from `start`, with the members of `tag` merged into
 * the value that begins at `at`, and return how far they have come. `line` must be JSON that the scanner has found valid.
 */

/** Appends the members, or replaces the values of those that are there already, each time they are. */
export function mergeIntoObject(block: OutputBlock, tag: Tag, line: Buffer, start: number, at: number): number {
  const end = line.length;
  let written = start;
  let memberEnd = at;
  let replaced: Set<TagMember> | null = null;
  for (let i = at + 1; ; i++) {
    const keyStart = spaceEnd(line, i, end) + 1;
    const keyEnd = closingQuote(line, keyStart);
    const colon = spaceEnd(line, keyEnd + 1, end);
    const valueStart = spaceEnd(line, colon + 1, end);
    memberEnd = valueEnd(line, valueStart);
    const member = memberNamed(tag, line, keyStart, keyEnd);
    if (member !== null) {
      block.copy(line, written, valueStart);
      block.put(member.value);
      written = memberEnd;
      replaced = (replaced ?? new Set()).add(member);
    }
    i = spaceEnd(line, memberEnd, end);
    if (line[i] === CLOSE_BRACE) break;
  }
  block.copy(line, written, memberEnd);
  if (replaced === null) block.put(tag.moreMembers);
  else putMissing(block, tag, replaced);
  return memberEnd;
}

/** Makes an object of a list: the index of each element becomes its key, as PHP would write it. */
export function mergeIntoList(block: OutputBlock, tag: Tag, line: Buffer, start: number, at: number): number {
  const end = line.length;
  const replaced = new Set<TagMember>();
  block.copy(line, start, at);
  block.putByte(OPEN_BRACE);
  for (let i = at + 1, index = 0; ; i++, index++) {
    const elementStart = spaceEnd(line, i, end);
    const elementEnd = valueEnd(line, elementStart);
    const name = String(index);
    block.copy(line, i, elementStart);
    block.putAscii(`"${name}":`);
    const member = tag.memberOf.get(name);
    if (member === undefined) block.copy(line, elementStart, elementEnd);
    else {
      block.put(member.value);
      replaced.add(member);
    }
    i = spaceEnd(line, elementEnd, end);
    block.copy(line, elementEnd, i);
    if (line[i] === CLOSE_BRACKET) {
      putMissing(block, tag, replaced);
      block.putByte(CLOSE_BRACE);
      return i + 1;
    }
    block.putByte(COMMA);
  }
}

function memberNamed(tag: Tag, line: Buffer, start: number, end: number): TagMember | null {
  for (const member of tag.members) if (isKey(line, start, end, member.key)) return member;
  return null;
}

function putMissing(block: OutputBlock, tag: Tag, replaced: ReadonlySet<TagMember>): void {
  for (const member of tag.members) {
    if (replaced.has(member)) continue;
    block.putByte(COMMA);
    block.put(member.whole);
  }
}

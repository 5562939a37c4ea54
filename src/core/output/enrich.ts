import { CLOSE_BRACE, CR, LF } from "./ascii.ts";
import { mergeIntoList, mergeIntoObject } from "./extra-merge.ts";
import { JsonScanner } from "./json-scan.ts";
import { writeJsonText } from "./json-text.ts";
import type { OutputBlock } from "./output-block.ts";
import type { Tag } from "./tag.ts";
import { wholeCharactersEnd } from "./utf8.ts";

/** Most bytes that `LineEnricher.write` makes of a line of `lineBytes` bytes, its newline included. */
export function maxEnrichedBytes(tag: Tag, lineBytes: number): number {
  return lineBytes * tag.growthFactor + tag.growthBytes;
}

/** Puts finished lines into blocks. One serves all streams of a thread, one line after the other. */
export class LineEnricher {
  readonly #datetime: () => string;
  readonly #scanner = new JsonScanner();

  /** `datetime` is asked for each line that is wrapped in JSON; its text must need no escape, as in RFC 3339. */
  constructor(datetime: () => string) {
    this.#datetime = datetime;
  }

  /**
   * Appends the line [start, end) of `line`, whose newline is left out, to `block` with what `tag` asks for and a
   * newline, and returns the block's new length. There must be room for `maxEnrichedBytes`. `droppedBytes` is how many
   * bytes of the line were cut off behind `end`; such a line is never taken for JSON.
   */
  write(tag: Tag, line: Buffer, start: number, end: number, droppedBytes: number, block: OutputBlock): number {
    if (droppedBytes > 0) this.#writeCut(tag, line, start, end, droppedBytes, block);
    else if (tag.format === "raw") block.copy(line, start, end);
    else {
      let textEnd = end;
      while (textEnd > start && line[textEnd - 1] === CR) textEnd--;
      if (this.#scanner.scan(line, start, textEnd)) this.#splice(tag, line, start, textEnd, block);
      else if (tag.format === "json") this.#wrap(tag, line, start, textEnd, 0, block);
      else {
        block.put(tag.prefix);
        block.copy(line, start, textEnd);
      }
    }
    block.putByte(LF);
    return block.length;
  }

  /** A JSON object: everything is kept but the place in or for `extra`. */
  #splice(tag: Tag, line: Buffer, start: number, end: number, block: OutputBlock): void {
    const { extraKind, extraStart, extraEnd, lastMemberEnd } = this.#scanner;
    let rest = extraEnd;
    if (extraKind === "object") rest = mergeIntoObject(block, tag, line, start, extraStart);
    else if (extraKind === "list") rest = mergeIntoList(block, tag, line, start, extraStart);
    else if (extraKind === "none") {
      rest = lastMemberEnd;
      block.copy(line, start, rest);
      block.put(tag.extraMember);
    } else {
      block.copy(line, start, extraStart);
      block.put(tag.extra);
    }
    block.copy(line, rest, end);
  }

  #writeCut(tag: Tag, line: Buffer, start: number, end: number, droppedBytes: number, block: OutputBlock): void {
    const textEnd = wholeCharactersEnd(line, start, end);
    const cutBytes = droppedBytes + end - textEnd;
    if (tag.format === "json") {
      this.#wrap(tag, line, start, textEnd, cutBytes, block);
      return;
    }
    if (tag.format === "auto") block.put(tag.prefix);
    block.copy(line, start, textEnd);
    block.putAscii(` [truncated ${cutBytes} bytes]`);
  }

  #wrap(tag: Tag, line: Buffer, start: number, end: number, cutBytes: number, block: OutputBlock): void {
    block.putAscii('{"message":"');
    block.length = writeJsonText(block.bytes, block.length, line, start, end);
    block.putAscii('","datetime":"');
    block.putAscii(this.#datetime());
    block.put(tag.stream);
    if (cutBytes > 0) block.putAscii(`,"truncated_bytes":${cutBytes}`);
    block.put(tag.extraMember);
    block.putByte(CLOSE_BRACE);
  }
}

import { LF } from "./ascii.ts";
import { LineSplitter } from "./line-splitter.ts";
import type { ChunkMeta } from "./recent-chunks.ts";

/** Takes one line: of which piece its end was, its bytes [start, end), only lent, and how many bytes were cut off behind them. */
export type OnAssembled = (meta: ChunkMeta, bytes: Buffer, start: number, end: number, droppedBytes: number) => void;

interface Unfinished {
  readonly splitter: LineSplitter;
  /** The beginning of the line is not known. */
  isHeadless: boolean;
}

/**
 * Makes lines of the pieces of one worker, whose streams lie mixed. A line whose beginning was not seen is left out, and an unfinished one
 * is given out only when its stream ends.
 */
export class LineAssembler {
  readonly #maxLineBytes: number;
  readonly #allocate: (bytes: number) => Buffer;
  readonly #unfinished = new Map<number, Unfinished>();

  constructor(maxLineBytes: number, allocate: (bytes: number) => Buffer) {
    this.#maxLineBytes = maxLineBytes;
    this.#allocate = allocate;
  }

  /** Takes the bytes [start, end), which may be reused after. */
  push(meta: ChunkMeta, bytes: Buffer, start: number, end: number, onLine: OnAssembled): void {
    const { streamId } = meta;
    const stream = this.#unfinished.get(streamId) ?? {
      splitter: new LineSplitter(this.#maxLineBytes, this.#allocate),
      isHeadless: !meta.startsLine,
    };
    const give = (line: Buffer, from: number, to: number, droppedBytes: number): void =>
      onLine(meta, line, from, to, droppedBytes);
    stream.splitter.push(bytes, stream.isHeadless ? behindNewline(stream, bytes, start, end) : start, end, give);
    if (meta.endsStream) stream.splitter.flush(give);
    if (meta.endsStream || bytes[end - 1] === LF) this.#unfinished.delete(streamId);
    else this.#unfinished.set(streamId, stream);
  }
}

/** Where the first line begins whose beginning is known; `end` when that is further on. */
function behindNewline(stream: Unfinished, bytes: Buffer, start: number, end: number): number {
  const newline = bytes.subarray(start, end).indexOf(LF);
  if (newline < 0) return end;
  stream.isHeadless = false;
  return start + newline + 1;
}

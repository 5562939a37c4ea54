import type { WorkerRef } from "../farm/events.ts";
import { type LogLine, type LogQuery, matchesLevel } from "../farm/log-lines.ts";
import { LineAssembler } from "./line-assembler.ts";
import { readLevel } from "./log-level.ts";
import type { ChunkMeta, RecentChunks } from "./recent-chunks.ts";
import { wholeCharactersEnd } from "./utf8.ts";

/** Longest line that is shown; it must fit where a line is kept, or it could never be. */
export const maxShownBytes = 16_384;

/** The stream of a piece. */
export function streamOf({ streamId }: ChunkMeta): LogLine["stream"] {
  return streamId % 2 === 1 ? "stderr" : "stdout";
}

/** A line of a worker as it is shown. */
export function toLogLine({ worker, slot, consumer }: WorkerRef, meta: ChunkMeta, text: string): LogLine {
  return { atEpochMs: meta.atEpochMs, worker, slot, consumer, stream: streamOf(meta), level: readLevel(text), text };
}

/** The bytes [start, end) as text, with a marker where `droppedBytes` more were cut off. */
export function textOf(bytes: Buffer, start: number, end: number, droppedBytes: number): string {
  if (droppedBytes === 0) return bytes.toString("utf8", start, end);
  const textEnd = wholeCharactersEnd(bytes, start, end);
  return `${bytes.toString("utf8", start, textEnd)} [truncated ${droppedBytes + end - textEnd} bytes]`;
}

/** Of the lines that a worker's pieces make, those that a query asks for. */
export interface FoundLines {
  /** Which they are, counted from the first line: the newest ones, oldest first. */
  readonly indexes: readonly number[];
  /** When each ended; never less than the one before. */
  readonly times: readonly number[];
}

/**
 * Finds the newest `query.lines` that the query asks for. `assembler` is a new one; it knows the unfinished lines after, and may go on
 * with what the worker writes next.
 */
export function findLines(chunks: RecentChunks, query: LogQuery, assembler: LineAssembler): FoundLines {
  const indexes: number[] = [];
  const times: number[] = [];
  let index = -1;
  let atMs = Number.NEGATIVE_INFINITY;
  chunks.each((meta, bytes, start, end) =>
    assembler.push(meta, bytes, start, end, (of, line, from, to, droppedBytes) => {
      index += 1;
      if (query.lines === 0) return;
      if ((query.stream ?? streamOf(of)) !== streamOf(of)) return;
      // The level takes far longer than all else, so nobody reads it who need not.
      if (query.minLevel !== null && !matchesLevel(readLevel(textOf(line, from, to, droppedBytes)), query)) return;
      indexes.push(index);
      times.push((atMs = Math.max(atMs, of.atEpochMs)));
    }),
  );
  const first = Math.max(0, indexes.length - query.lines);
  return { indexes: indexes.slice(first), times: times.slice(first) };
}

/** The lines at these indexes, which rise. `assembler` is a new one. */
export function readLines(
  ref: WorkerRef,
  chunks: RecentChunks,
  indexes: readonly number[],
  assembler: LineAssembler,
): LogLine[] {
  const lines: LogLine[] = [];
  let index = -1;
  chunks.each((meta, bytes, start, end) =>
    assembler.push(meta, bytes, start, end, (of, line, from, to, droppedBytes) => {
      index += 1;
      if (index !== indexes[lines.length]) return;
      lines.push(toLogLine(ref, of, textOf(line, from, to, droppedBytes)));
    }),
  );
  return lines;
}

import type { LogLevel } from "./log-record.ts";

/** One line that a worker wrote. */
export interface LogLine {
  /** When pm read the end of it. */
  readonly atEpochMs: number;
  readonly worker: number;
  readonly slot: number;
  readonly consumer: string;
  readonly stream: "stdout" | "stderr";
  /** What the line says of itself, or null when it says nothing that pm knows. */
  readonly level: LogLevel | null;
  /** As the worker wrote it, control characters too, without the newline; invalid UTF-8 is U+FFFD, and what is too long is cut, with a marker. */
  readonly text: string;
}

/** Which lines somebody wants to see; null does not choose. */
export interface LogQuery {
  readonly consumer: string | null;
  readonly slot: number | null;
  readonly worker: number | null;
  readonly stream: "stdout" | "stderr" | null;
  /** This level and all above it. */
  readonly minLevel: LogLevel | null;
  /** At most so many of the lines that there are already: the newest ones. */
  readonly lines: number;
}

const ranks: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warning: 2, error: 3 };

/** Whether the query asks for lines of this worker at all. */
export function matchesWorker(of: Pick<LogLine, "worker" | "slot" | "consumer">, query: LogQuery): boolean {
  return (
    (query.consumer ?? of.consumer) === of.consumer &&
    (query.slot ?? of.slot) === of.slot &&
    (query.worker ?? of.worker) === of.worker
  );
}

/** Whether a level is enough for the query. A line of unknown level counts as `info`: a plain `echo` is neither noise nor an alarm. */
export function matchesLevel(level: LogLevel | null, query: LogQuery): boolean {
  return query.minLevel === null || ranks[level ?? "info"] >= ranks[query.minLevel];
}

/** Whether the query asks for this line. */
export function matches(line: LogLine, query: LogQuery): boolean {
  return matchesWorker(line, query) && (query.stream ?? line.stream) === line.stream && matchesLevel(line.level, query);
}

/**
 * The newest `most` lines of several workers in the order of their times, oldest first. Each list is the lines of one worker in the order in
 * which they came, and keeps that order even where the clock was set back.
 */
export function mergeLines(lists: readonly (readonly LogLine[])[], most: number): LogLine[] {
  const timed = lists.flatMap((list) => {
    let atMs = Number.NEGATIVE_INFINITY;
    return list.map((line) => ({ line, atMs: (atMs = Math.max(atMs, line.atEpochMs)) }));
  });
  const sorted = timed.toSorted((a, b) => a.atMs - b.atMs); // a stable sort, so equal times keep the order of the list
  return sorted.slice(Math.max(0, sorted.length - most)).map(({ line }) => line);
}

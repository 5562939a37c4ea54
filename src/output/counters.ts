/**
 * What the output thread counts, in memory both threads see. The thread is the only writer; the main thread reads at scrape
 * time. Each consumer has `perConsumer` numbers: stdout's four, then stderr's four.
 */
export const perStream = 4;
export const perConsumer = 2 * perStream;

/** Offsets within a stream's four. */
export const lines = 0;
export const bytes = 1;
export const droppedLines = 2;
export const truncatedLines = 3;

/** Totals since the start, of one stream of one consumer. */
export interface LogCounter {
  readonly consumer: string;
  readonly stream: "stdout" | "stderr";
  readonly lines: number;
  readonly bytes: number;
  readonly droppedLines: number;
  readonly truncatedLines: number;
}

/** Reads the totals of consumers that stand in the table in this order. */
export function readCounters(table: Float64Array, consumers: readonly string[]): LogCounter[] {
  return consumers.flatMap((consumer, index) =>
    (["stdout", "stderr"] as const).map((stream, which) => {
      const at = index * perConsumer + which * perStream;
      return {
        consumer,
        stream,
        lines: table[at + lines] ?? 0,
        bytes: table[at + bytes] ?? 0,
        droppedLines: table[at + droppedLines] ?? 0,
        truncatedLines: table[at + truncatedLines] ?? 0,
      };
    }),
  );
}

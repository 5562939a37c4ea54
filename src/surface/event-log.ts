import { type LogLevel, type LogRecord, toRecord } from "../core/farm/log-record.ts";
import type { PmEvent } from "../core/farm/events.ts";
import { jsonLine } from "../core/farm/log-text.ts";

export interface EventLogOptions {
  /** Takes one whole line, its newline included. */
  readonly write: (line: string) => void;
  /** True: readable text for people. False: one JSON object a line for collectors. */
  readonly terminal: boolean;
  /** Colours on a terminal; the caller has asked `NO_COLOR`. */
  readonly colour: boolean;
  readonly now: () => Date;
  /** Records below it are left out. */
  readonly level: LogLevel;
}

/** pm's own log. */
export interface EventLog {
  record(event: PmEvent): void;
}

const ranks = { debug: 0, info: 1, warning: 2, error: 3 } as const satisfies Record<LogLevel, number>;

/** Makes the log. Only a terminal loads the package that writes for people. */
export async function createEventLog(options: EventLogOptions): Promise<EventLog> {
  const { write, now, level } = options;
  const isWanted = (record: LogRecord): boolean => ranks[record.level] >= ranks[level];
  if (options.terminal) {
    const { createTerminalLog } = await import("./terminal-log.ts");
    const writeRecord = createTerminalLog(options);
    return {
      record(event) {
        const record = toRecord(event);
        if (isWanted(record)) writeRecord(record);
      },
    };
  }
  // What follows from an event must not wait for its words: they are found when the turn of the event loop ends.
  let waiting: { readonly event: PmEvent; readonly at: Date }[] = [];
  const writeWaiting = (): void => {
    const events = waiting;
    waiting = [];
    for (const { event, at } of events) {
      const record = toRecord(event);
      if (isWanted(record)) write(`${jsonLine(record, at)}\n`);
    }
  };
  return {
    record(event) {
      if (waiting.push({ event, at: now() }) === 1) queueMicrotask(writeWaiting);
    },
  };
}

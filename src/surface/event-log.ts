import { type LogLevel, toRecord } from "../core/farm/log-record.ts";
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
  const writeRecord = options.terminal
    ? (await import("./terminal-log.ts")).createTerminalLog(options)
    : (record: ReturnType<typeof toRecord>) => write(`${jsonLine(record, now())}\n`);
  return {
    record(event) {
      const record = toRecord(event);
      if (ranks[record.level] >= ranks[level]) writeRecord(record);
    },
  };
}

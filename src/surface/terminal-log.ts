import { createConsola, type LogType } from "consola/core";
import type { LogLevel, LogRecord } from "../core/farm/log-record.ts";
import { plainText } from "../core/farm/log-text.ts";

export interface TerminalLogOptions {
  readonly write: (line: string) => void;
  readonly colour: boolean;
  readonly now: () => Date;
}

const types = { debug: "debug", info: "info", warning: "warn", error: "error" } as const satisfies Record<
  LogLevel,
  LogType
>;

/** ANSI: grey, cyan, yellow, red. */
const colours: Readonly<Record<string, number>> = { debug: 90, info: 36, warn: 33, error: 31 };

/**
 * Writes records for people, one line each: `12:34:56 INFO  Worker started.  worker=1 consumer=async pid=123`.
 * The time is local. Nothing goes to pm's own stdout or stderr but by `write`.
 */
export function createTerminalLog({ write, colour, now }: TerminalLogOptions): (record: LogRecord) => void {
  const paint = (code: number, text: string): string =>
    colour && text !== "" ? `\u001B[${code}m${text}\u001B[0m` : text;
  const consola = createConsola({
    level: Number.POSITIVE_INFINITY, // the event log has chosen already
    throttle: Number.NEGATIVE_INFINITY, // equal records of several workers are several facts
    reporters: [
      {
        log({ type, args: [message, context] }) {
          const level = paint(colours[type] ?? 0, type.toUpperCase().padEnd(5));
          const tail = context === "" ? "" : `  ${paint(90, String(context))}`;
          write(`${paint(90, clockTime(now()))} ${level} ${String(message)}${tail}\n`);
        },
      },
    ],
  });
  return (record) => {
    const { message, context } = plainText(record);
    consola[types[record.level]](message, context);
  };
}

function clockTime(at: Date): string {
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}

import { isTerminal } from "../../system/terminal.ts";
import { writeText } from "../print.ts";

/** Where a command that runs for a while writes to, and how it hears Ctrl-C. */
export interface Streams {
  /** To stdout, at once; false when nobody reads it any more. */
  readonly out: (text: string) => boolean;
  /** To stderr, at once. */
  readonly err: (text: string) => void;
  /** Whether stdout is a terminal. */
  readonly terminal: boolean;
  readonly colour: boolean;
  /** Of the terminal, at this moment. */
  readonly size: () => { readonly columns: number; readonly rows: number };
  /** Aborted at the first Ctrl-C (or SIGTERM, SIGHUP) from now on, which then does nothing else; a second one ends the command. */
  readonly interrupt: () => AbortSignal;
}

/** Those of this process. */
export const ownStreams: Streams = {
  out: (text) => writeText(1, text),
  err: (text) => void writeText(2, text),
  terminal: isTerminal(1),
  colour: isTerminal(1) && !process.env["NO_COLOR"],
  size: () => ({ columns: process.stdout.columns || 80, rows: process.stdout.rows || 24 }),
  interrupt: () => {
    const controller = new AbortController();
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => controller.abort());
    return controller.signal;
  },
};

/** Resolves when it is aborted. */
export function aborted(signal: AbortSignal): Promise<"aborted"> {
  const { promise, resolve } = Promise.withResolvers<"aborted">();
  if (signal.aborted) resolve("aborted");
  else signal.addEventListener("abort", () => resolve("aborted"), { once: true });
  return promise;
}

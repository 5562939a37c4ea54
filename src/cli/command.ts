import type { ArgsDef } from "citty";
import type { Outcome } from "./outcome.ts";

/** What was typed, by the names of arguments and flags; a flag without a value is true. */
export type Args = Readonly<Record<string, string | true>>;

/** One command of pm. What it is costs nothing to know; what it does is loaded only when it runs. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** Whole lines as a user would type them. */
  readonly examples: readonly string[];
  readonly args: ArgsDef;
  /** What a shell can propose for an argument or the value of a flag, by its name: words, or what pm is asked for. Else file names. */
  readonly completes?: Readonly<Record<string, readonly string[] | "consumers" | "workers">>;
  readonly run: (args: Args) => Promise<Outcome>;
}

/** The text of an argument, or null when it was not given. */
export function textOf(args: Args, name: string): string | null {
  const value = args[name];
  return typeof value === "string" && value !== "" ? value : null;
}

import type { SourceSpec } from "../core/farm/spec.ts";
import { commandLine } from "./command.ts";
import { key, requiredKey, type Values } from "./kind.ts";
import { duration } from "./quantities.ts";
import { oneOf } from "./scalars.ts";

/** `source`: a program that names more consumers. */
export const sourceKeys = {
  command: requiredKey(commandLine, [], "A program that prints {consumers: {…}} as JSON or YAML."),
  mode: key(
    oneOf(["poll", "push"], { meant: { pull: "poll", once: "poll", watch: "push", stream: "push", lines: "push" } }),
    "poll",
    "poll runs it again and again; push keeps it running and takes each line as a whole document.",
  ),
  interval: key(duration({ min: 1000 }), 30_000, "poll: from the end of a run to the next."),
  timeout: key(duration({ min: 100 }), 60_000, "poll: a run that takes longer is killed."),
};

/** The spec of `source`; `cwd` is absolute. */
export function sourceOf(values: Values<typeof sourceKeys> | null, cwd: string): SourceSpec | null {
  if (values === null) return null;
  const { command, mode, interval, timeout } = values;
  return { command, mode, intervalMs: interval, timeoutMs: timeout, cwd };
}

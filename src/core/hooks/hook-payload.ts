import { describeExit, exitCodeOf } from "../supervision/exit.ts";
import type { HookFact } from "./hook-fact.ts";

/** Longer lines of a worker are cut: what a chat shows is short, and what pm keeps is bounded. */
const maxLineLength = 4096;

/** What a fact is sent with. */
export interface HookCircumstances {
  readonly atEpochMs: number;
  /** Name of the machine. */
  readonly host: string;
  /** Path of the pm.yaml. */
  readonly farm: string;
  /** The worker's last lines, oldest first. */
  readonly stderr: readonly string[];
  /** Events that this hook was not told of since its last run. */
  readonly suppressed: number;
}

/** The JSON document a hook gets: on stdin, or as the body of the request. `text` is what chats show. */
export function hookDocument(fact: HookFact, circumstances: HookCircumstances): string {
  const { on, exit, consumer, worker, slot, pid, message, details } = fact;
  const { atEpochMs, host, farm, stderr, suppressed } = circumstances;
  return JSON.stringify({
    version: 1,
    text: suppressed === 0 ? message : `${message} (${suppressed} more before were not told)`,
    event: on,
    at: new Date(atEpochMs).toISOString(),
    host,
    farm,
    consumer,
    worker,
    slot,
    pid,
    exit: exit === null ? null : exitDocument(exit),
    message,
    details,
    stderr: stderr.map((line) => (line.length > maxLineLength ? `${line.slice(0, maxLineLength)}…` : line)),
    suppressed,
  });
}

function exitDocument(exit: NonNullable<HookFact["exit"]>) {
  return {
    code: exitCodeOf(exit),
    signal: exit.kind === "signaled" ? exit.signal : null,
    text: describeExit(exit),
  };
}

/** What a command finds in its environment; empty where there is nothing to say, so that a careful shell can name them all. */
export function hookVariables({ on, consumer, worker, message }: HookFact): Readonly<Record<string, string>> {
  return {
    PM_HOOK_EVENT: on,
    PM_HOOK_CONSUMER: consumer ?? "",
    PM_HOOK_WORKER: worker === null ? "" : String(worker),
    PM_HOOK_MESSAGE: message,
  };
}

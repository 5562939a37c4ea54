import { basename } from "node:path";
import { maskWebhook } from "../config/mask.ts";
import type { HookSpec } from "../core/farm/spec.ts";
import type { HookFact } from "../core/hooks/hook-fact.ts";
import { type HookCircumstances, hookDocument, hookVariables } from "../core/hooks/hook-payload.ts";

/** What the runner knows of a run. */
export type RunCircumstances = Pick<HookCircumstances, "atEpochMs" | "stderr" | "suppressed">;

/**
 * Runs a hook to its end: null when it succeeded, or what was wrong, on one line without secrets. Never rejects. When `signal` aborts, it
 * ends at once, and nothing of it is left.
 */
export type RunHook = (
  hook: HookSpec,
  fact: HookFact,
  circumstances: RunCircumstances,
  signal: AbortSignal,
) => Promise<string | null>;

/** Where hooks run, and for which farm. */
export interface HookSurroundings {
  /** Absolute working directory of commands. */
  readonly cwd: string;
  /** All of the environment of commands but what tells them of the event. */
  readonly env: Readonly<Record<string, string>>;
  /** Name of the machine. */
  readonly host: string;
  /** Path of the pm.yaml. */
  readonly farm: string;
}

/** Runs hooks for real. What that takes is loaded when the first one runs. */
export function hookRunner({ cwd, env, host, farm }: HookSurroundings): RunHook {
  return async ({ action }, fact, circumstances, signal) => {
    const document = hookDocument(fact, { ...circumstances, host, farm });
    if (action.kind === "command") {
      const { runHookCommand } = await import("./hook-command.ts");
      return runHookCommand(action.command, document, { cwd, env: { ...env, ...hookVariables(fact) } }, signal);
    }
    const { postWebhook } = await import("./hook-webhook.ts");
    return postWebhook(action, document, signal);
  };
}

/** Names a hook in a log, without its secrets: `worker_failed: notify`. */
export function hookName({ on, action }: HookSpec): string {
  return `${on}: ${action.kind === "command" ? basename(action.command[0] ?? "") : maskWebhook(action.url)}`;
}

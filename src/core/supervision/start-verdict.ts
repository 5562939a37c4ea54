import type { PmEvent } from "../farm/events.ts";
import { describeExit } from "./exit.ts";

/** How long a worker may take to become ready before whoever waits for it calls that a failure. */
export const readyTimeoutMs = 120_000;

/** What one event says of a worker whose start somebody waits for. */
export type StartVerdict =
  /** It is ready; whether it is well shows when it has lived long enough, or has done work. */
  | { readonly is: "ready" }
  /** Work is done: by this process, or by the one before, whose last words came late. The worker knows. */
  | { readonly is: "worked" }
  /** It is well: it has ended as it should. */
  | { readonly is: "well" }
  | { readonly is: "failed"; readonly why: string }
  /** Somebody else has other plans for it. */
  | { readonly is: "called_off"; readonly why: string };

/** What an event of this worker means for its start; null when it means nothing. Events of what ended before the start are not to be passed in. */
export function judgeStart(event: PmEvent): StartVerdict | null {
  switch (event.type) {
    case "worker_ready":
      return { is: "ready" };
    case "message":
      return event.event === "handled" ? { is: "worked" } : null;
    case "worker_not_started":
      return { is: "failed", why: `could not be started: ${event.message}` };
    case "worker_exited":
      if (event.failed) return { is: "failed", why: describeExit(event.exit) };
      return event.cause === null ? null : { is: "called_off", why: "was told to stop meanwhile" };
    case "worker_restarting":
      return event.reason === "exited_too_soon"
        ? { is: "failed", why: "ended too soon, without any work" }
        : { is: "well" };
    case "worker_finished":
      return { is: "well" };
    case "worker_parked":
      return { is: "failed", why: `exit code ${event.exitCode} forbids a restart` };
    case "worker_paused":
      return { is: "called_off", why: "was paused meanwhile" };
    case "worker_gone":
    case "worker_stopped":
      return { is: "called_off", why: "was stopped meanwhile" };
    default:
      return null;
  }
}

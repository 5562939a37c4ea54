import type { ReloadPlan } from "./reload-plan.ts";
import type { SignalName } from "./spec.ts";

/** What a person can ask of a running farm. `slot` null means all workers of the consumer. */
export type OperationRequest =
  /** Starts what is stopped, parked, finished or waiting for its next start; what runs is left alone. */
  | { readonly action: "start"; readonly consumer: string; readonly slot: number | null }
  /** Ends the processes, which then stay away until `start`. */
  | { readonly action: "stop"; readonly consumer: string; readonly slot: number | null }
  /** All at once: each ends, then starts again. */
  | { readonly action: "restart"; readonly consumer: string; readonly slot: number | null }
  /** So many at a time, each gated on readiness; ends at the first that fails. */
  | { readonly action: "rolling_restart"; readonly consumer: string; readonly maxUnavailable: number }
  /** Freezes the processes, a busy one when its message is done if it reports its messages; nothing is started meanwhile. */
  | { readonly action: "pause"; readonly consumer: string; readonly slot: number | null }
  | { readonly action: "resume"; readonly consumer: string; readonly slot: number | null }
  /** A size set by hand holds until `scale_auto`. */
  | { readonly action: "scale"; readonly consumer: string; readonly size: number }
  /** Gives the size back to the autoscaler, or to the file. */
  | { readonly action: "scale_auto"; readonly consumer: string }
  | {
      readonly action: "signal";
      readonly consumer: string;
      readonly slot: number | null;
      readonly signal: SignalName;
      /** To the whole process group instead of the worker alone. */
      readonly group: boolean;
    };

/** Who wants something, as they say: only the rights of the control socket prove anything. */
export interface Requester {
  /** `alice`, or what else acts: `SIGHUP`, `file change`, `source`. */
  readonly by: string;
  /** Why, in the words of who asked; null when nothing was said. */
  readonly reason: string | null;
}

/** What came of a request. */
export interface OperationOutcome {
  /** `done` also when there was nothing to do. `accepted`: it has begun, and the requester did not want to wait. */
  readonly result: "done" | "accepted" | "failed" | "unknown_consumer" | "unknown_slot" | "conflict";
  /** One line without a full stop: `async: 3 workers restarted in 1.2 s`. Says what to do where something is wrong. */
  readonly message: string;
}

/** What came of a reload. */
export interface ReloadOutcome {
  /** `planned`: nothing was to be changed. `rejected`: the new file is invalid. `failed`: it was valid, but a restarted worker failed; the old ones were kept. */
  readonly result: "done" | "planned" | "rejected" | "failed" | "conflict";
  readonly message: string;
  /** A line for each problem of the file, as `pm check` tells them; warnings too. */
  readonly problems: readonly string[];
  /** Null when the file is invalid. */
  readonly plan: ReloadPlan | null;
}

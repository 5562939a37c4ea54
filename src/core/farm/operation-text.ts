import type { WorkerRef } from "./events.ts";
import type { OperationOutcome } from "./operations.ts";

/** `1 worker`, `3 workers`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** To a hundredth of a second: `0.42 s`. */
export function took(ms: number): string {
  return `${Math.round(ms / 10) / 100} s`;
}

/** What became of starts that somebody waited for; `why` null is one that did well. */
export function describeStarts(
  consumer: string,
  verb: string,
  results: readonly (WorkerRef & { readonly why: string | null })[],
  tookMs: number,
): OperationOutcome {
  const bad = results.filter(({ why }) => why !== null);
  const [first] = bad;
  if (first === undefined) {
    return { result: "done", message: `${consumer}: ${plural(results.length, "worker")} ${verb} in ${took(tookMs)}` };
  }
  const share = results.length === 1 ? "" : `${bad.length} of ${plural(results.length, "worker")} not ${verb}; `;
  return {
    result: "failed",
    message: `${consumer}: ${share}worker ${first.worker} (slot ${first.slot}) failed: ${first.why}`,
  };
}

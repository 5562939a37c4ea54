import type { WorkerRef } from "./events.ts";
import type { OperationOutcome } from "./operations.ts";
import type { ConsumerChange, ReloadPlan } from "./reload-plan.ts";

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
  results: readonly { readonly ref: WorkerRef; readonly why: string | null }[],
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
    message: `${consumer}: ${share}worker ${first.ref.worker} (slot ${first.ref.slot}) failed: ${first.why}`,
  };
}

const verbs: Readonly<Record<ConsumerChange["kind"], string>> = {
  added: "added",
  removed: "removed",
  resized: "resized",
  adjusted: "changed in place",
  restart: "restarted",
};

/** What a plan has changed: `1 consumer added, 2 consumers restarted, total_cap changed`. */
export function describePlan({ consumers, farmKeys, needsNewStart }: ReloadPlan): string {
  const counts = Object.entries(verbs).flatMap(([kind, verb]) => {
    const count = consumers.filter((change) => change.kind === kind).length;
    return count === 0 ? [] : [`${plural(count, "consumer")} ${verb}`];
  });
  const keys = farmKeys.length === 0 ? [] : [`${farmKeys.join(", ")} changed`];
  const later = needsNewStart.length === 0 ? [] : [`${needsNewStart.join(", ")} left for the next start of pm`];
  return [...counts, ...keys, ...later].join(", ");
}

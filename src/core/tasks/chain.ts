/** Longest chain of tasks that wait for each other. */
export const LONGEST_CHAIN = 8;

/** Why a task with this chain of calls behind it cannot be given to `consumer`, in one line; null when it can. */
export function chainProblem(chain: readonly string[], consumer: string): string | null {
  if (chain.includes(consumer))
    return `${[...chain, consumer].join(" → ")} would wait for itself; call a consumer that is not waiting already`;
  if (chain.length >= LONGEST_CHAIN)
    return `${chain.length} calls wait for each other already (${chain.join(" → ")}), more are not taken`;
  return null;
}

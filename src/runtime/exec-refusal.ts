import type { ConsumerSpec, LimitName } from "../core/farm/spec.ts";
import { resources } from "./exec-plan.ts";

/** What pm itself may do, and how it is set up: its children cannot go beyond without privileges. */
export interface Privileges {
  readonly mayChangeUsers: boolean;
  readonly mayChangeGroups: boolean;
  /** Lower nice values than its own. */
  readonly mayHurry: boolean;
  /** Higher hard limits and lower OOM scores than its own. */
  readonly mayRaiseLimits: boolean;
  /** Its hard limits by the kernel's numbers; Infinity is unlimited. What is unknown is absent. */
  readonly hardLimits: readonly number[];
  readonly nice: number;
  readonly oomScoreAdj: number;
}

/** Why a worker of this consumer cannot be set up as it asks, with what to do, or null. What only the kernel knows is not foreseen. */
export function refusal({ process }: ConsumerSpec, may: Privileges): string | null {
  const { groups, nice, oomScoreAdj, rlimits } = process;
  if (groups !== null && !may.mayChangeGroups) return "pm may not give groups; run pm as root, or drop groups";
  if (nice !== null && nice < lowestNice(may))
    return `pm may not go below nice ${lowestNice(may)}, and nice is ${nice}; run pm as root (CAP_SYS_NICE), or raise it`;
  if (oomScoreAdj !== null && oomScoreAdj < may.oomScoreAdj && !may.mayRaiseLimits)
    return `pm may not go below its own OOM score of ${may.oomScoreAdj}, and oom_score_adj is ${oomScoreAdj}; run pm as root (CAP_SYS_RESOURCE), or raise it`;
  if (may.mayRaiseLimits) return null;
  for (const [name, resource] of Object.entries(resources)) {
    const allowed = may.hardLimits[resource] ?? Number.POSITIVE_INFINITY;
    const asked = Object.entries(rlimits).find(([each]) => each === name)?.[1];
    if (asked === undefined || (asked.hard ?? Number.POSITIVE_INFINITY) <= allowed) continue;
    return `rlimits.${name} is ${asked.hard ?? "unlimited"}, and pm may go no higher than ${allowed}; start pm with a higher limit (${raiseBy(name)}), or lower it`;
  }
  return null;
}

function lowestNice({ mayHurry, nice, hardLimits }: Privileges): number {
  const byLimit = 20 - Math.min(40, hardLimits[resources.nice] ?? 0);
  return mayHurry ? -20 : Math.min(nice, byLimit);
}

/** How a limit of pm is raised from outside. */
const flags: Readonly<Partial<Record<LimitName, string>>> = {
  nofile: "n",
  nproc: "u",
  core: "c",
  memlock: "l",
  stack: "s",
};

function raiseBy(name: string): string {
  const flag = Object.entries(flags).find(([each]) => each === name)?.[1];
  return `Limit${name.toUpperCase()}= of its unit${flag === undefined ? "" : `, ulimit -H${flag}`}`;
}

/** Thrown for what `refusal` tells. */
export class SetupRefused extends Error {
  readonly code = "EPERM";
}

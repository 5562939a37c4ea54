import type { ConsumerSpec, LimitName, LimitSpec } from "../core/farm/spec.ts";
import { unlimited } from "../system/exec-words.ts";

/** What the set-up of a worker depends on beside its spec. */
export interface ExecSurroundings {
  /** Whether this pm begins with the stub, for which the set-up costs next to nothing. */
  readonly packed: boolean;
  readonly pmPid: number;
  /** pm's own ids. */
  readonly uid: number;
  readonly gid: number;
  /** Open files that pm was given, before Bun raised its own limit; null when unknown. */
  readonly openFiles: LimitSpec | null;
}

/** The kernel's numbers of the limits; the same on all that pm is built for. */
export const resources: Readonly<Record<LimitName, number>> = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  as: 9,
  sigpending: 11,
  msgqueue: 12,
  nice: 13,
  rtprio: 14,
};

const killSignal = 9;

/**
 * The settings of `pm __exec` for a worker of this consumer (see `system/exec-words.ts`), or null when Bun.spawn by itself does all that it
 * asks for. `cgroupProcs` is the file by which a process joins the consumer's control group; null when it has none.
 */
export function execPlan(
  spec: ConsumerSpec,
  surroundings: ExecSurroundings,
  cgroupProcs: string | null,
): readonly string[] | null {
  const { packed, pmPid, openFiles } = surroundings;
  const { umask, nice, rlimits, oomScoreAdj, noNewPrivileges } = spec.process;
  const limits = { ...(packed && openFiles !== null ? { nofile: openFiles } : {}), ...rlimits };
  const beyondBun = [
    ...(cgroupProcs === null ? [] : [`c${cgroupProcs}`]),
    ...Object.entries(resources).flatMap(([name, resource]) => limitWord(resource, namedLimit(limits, name))),
    ...(oomScoreAdj === null ? [] : [`o${oomScoreAdj}`]),
    ...(nice === null ? [] : [`p${nice}`]),
    ...(umask === null ? [] : [`u${umask.toString(8).padStart(3, "0")}`]),
    ...groupsWord(spec, surroundings),
    ...(noNewPrivileges ? ["N"] : []),
  ];
  if (!packed && beyondBun.length === 0) return null;
  return [...beyondBun, ...identityWords(spec, surroundings), `d${killSignal}`, `P${pmPid}`];
}

/** Whether the consumer wants to be somebody else than pm is, which needs privileges. */
export function switchesIdentity({ uid, gid }: ConsumerSpec, own: { readonly uid: number; readonly gid: number }) {
  return (uid ?? own.uid) !== own.uid || (gid ?? own.gid) !== own.gid;
}

function namedLimit(limits: ConsumerSpec["process"]["rlimits"], name: string): LimitSpec | undefined {
  return Object.entries(limits).find(([each]) => each === name)?.[1];
}

function limitWord(resource: number, limit: LimitSpec | undefined): string[] {
  return limit === undefined ? [] : [`r${resource}:${limit.soft ?? unlimited}:${limit.hard ?? unlimited}`];
}

/** Bun.spawn leaves a process with another identity without groups, so only a list of some is beyond it. */
function groupsWord(spec: ConsumerSpec, surroundings: ExecSurroundings): string[] {
  const { groups, userGroups } = spec.process;
  if (groups !== null) return [`G${groups.join(",")}`];
  return userGroups.length > 0 && switchesIdentity(spec, surroundings) ? [`G${userGroups.join(",")}`] : [];
}

function identityWords(spec: ConsumerSpec, own: ExecSurroundings): string[] {
  if (!switchesIdentity(spec, own)) return [];
  const { groups, userGroups } = spec.process;
  return [
    ...(groups === null && userGroups.length === 0 ? ["G"] : []),
    ...(spec.gid === null ? [] : [`g${spec.gid}`]),
    ...(spec.uid === null ? [] : [`U${spec.uid}`]),
  ];
}

import type { Decision } from "./load.ts";

/** At most so many earlier spells are told. */
const mostSpells = 10;

/**
 * Why a consumer has as many workers as it has: the newest decision with all its stages, then what came before, where
 * decisions that changed nothing and gave the same reason are told as one. `decisions` are of one consumer, oldest first.
 */
export function explain(decisions: readonly Decision[], nowMs: number): string[] {
  const last = decisions.at(-1);
  if (!last) return ["The autoscaler has decided nothing yet."];
  const waiting = last.queueDepth === null ? "" : `, ${last.queueDepth} waiting`;
  const earlier = spells(decisions.slice(0, -1)).toReversed().slice(0, mostSpells);
  return [
    `${last.consumer}: ${workers(last.target)}. ${sentence(last)} (${last.reason}, ${ago(last.atMs, nowMs)})`,
    `  seen: ${last.busy.toFixed(2)} of ${last.current} busy${waiting}`,
    ...last.stages.map((stage) => `  ${stage}`),
    ...(earlier.length === 0 ? [] : ["Before:"]),
    ...earlier.map((spell) => `  ${told(spell, nowMs)}`),
  ];
}

/** Decisions in a row that say the same. */
interface Spell {
  readonly first: Decision;
  readonly last: Decision;
  readonly times: number;
}

function spells(decisions: readonly Decision[]): readonly Spell[] {
  const found: Spell[] = [];
  for (const decision of decisions) {
    const open = found.at(-1);
    const same =
      open &&
      decision.target === decision.previous &&
      open.last.target === decision.target &&
      open.last.reason === decision.reason;
    if (same) found[found.length - 1] = { ...open, last: decision, times: open.times + 1 };
    else found.push({ first: decision, last: decision, times: 1 });
  }
  return found;
}

function told({ first, last, times }: Spell, nowMs: number): string {
  const when =
    times === 1 ? ago(last.atMs, nowMs) : `${ago(first.atMs, nowMs)} to ${ago(last.atMs, nowMs)}, ${times} times`;
  const size = first.previous === last.target ? `${last.target}` : `${first.previous} → ${last.target}`;
  return `${when}: ${size}, ${last.reason}; wanted ${last.desired}, granted ${last.allocated}`;
}

function sentence({ previous, target, desired, allocated, reason }: Decision): string {
  const wish = allocated < desired ? `${workers(desired)} wanted, ${allocated} granted` : `${workers(desired)} wanted`;
  if (target !== previous) return `It had ${previous}: ${wish}.`;
  return desired === target ? `As many as wanted.` : `${wish}: ${because[reason]}.`;
}

const because: Readonly<Record<Decision["reason"], string>> = {
  scaled_up: "it has just grown",
  scaled_down: "it has just shrunk",
  steady: "near enough to leave it",
  cooldown_up: "too soon after the last scale-up",
  cooldown_down: "too soon for a scale-down",
  step_cap: "the policies allow no more change now",
  at_min: "that is its minimum",
  at_max: "that is its maximum",
  capped: "the cap leaves no free slot for more",
  fallback: "a source failed",
  paused: "paused",
  host_memory: "the host is short of memory",
  host_cpu: "the host is short of processor time",
  host_pids: "the host is short of process ids",
};

const workers = (count: number): string => (count === 1 ? "1 worker" : `${count} workers`);

const ago = (atMs: number, nowMs: number): string => `${Number(((nowMs - atMs) / 1000).toFixed(1))} s ago`;

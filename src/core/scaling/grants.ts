import { byPriority, divide } from "./arbiter.ts";

/** A pool on its way from `previous` to `proposed`. */
export interface Proposal {
  readonly name: string;
  readonly priority: number;
  readonly previous: number;
  readonly proposed: number;
  /** What the cap grants it in the long run. */
  readonly allocated: number;
  readonly current: number;
  /** Processes alive, draining ones included. */
  readonly live: number;
  /** It keeps its size whoever wants it. */
  readonly fixed: boolean;
}

/** What becomes of a proposal. */
export interface Grant {
  readonly target: number;
  /** It got less growth than it proposed. */
  readonly short: boolean;
  /** It goes down because another needs its slots. */
  readonly preempted: boolean;
}

/**
 * Keeps the cap at every instant: growth is granted, the highest priority first, only from slots that no process has, be it
 * draining, and no worker may come back to. Where that is too little, pools of the same or a lower priority that have
 * more than they are allocated give way at once, as far as needed, the lowest first; their slots are granted when
 * they are free. Nothing depends on the order of `proposals`.
 */
export function grantGrowth(proposals: readonly Proposal[], cap: number): ReadonlyMap<string, Grant> {
  let free = Math.max(0, cap - proposals.reduce((sum, proposal) => sum + held(proposal), 0));
  let freeing = proposals.reduce(
    (sum, proposal) => sum + draining(proposal) + Math.max(0, proposal.previous - proposal.proposed),
    0,
  );
  const grants = new Map<string, Grant>(
    proposals.map(({ name, proposed }) => [name, { target: proposed, short: false, preempted: false }]),
  );
  for (const group of byPriority(proposals)) {
    const growing = group.filter(({ proposed, previous }) => proposed > previous);
    const requests = growing.map(({ name, proposed, previous, current }) => ({
      name,
      amount: proposed - previous,
      current,
    }));
    const granted = divide(free, requests);
    let missing = 0;
    for (const { name, previous, proposed } of growing) {
      const growth = granted.get(name) ?? 0;
      free -= growth;
      missing += proposed - previous - growth;
      grants.set(name, { target: previous + growth, short: previous + growth < proposed, preempted: false });
    }
    const awaited = Math.min(missing, freeing);
    freeing -= awaited;
    const priority = group[0]?.priority ?? 0;
    preempt(
      proposals.filter((other) => other.priority <= priority),
      missing - awaited,
      grants,
    );
  }
  return grants;
}

function preempt(candidates: readonly Proposal[], needed: number, grants: Map<string, Grant>): void {
  let left = needed;
  const surplus = ({ name, allocated }: Proposal) => (grants.get(name)?.target ?? 0) - allocated;
  const victims = candidates
    .filter((candidate) => !candidate.fixed && candidate.proposed <= candidate.previous && surplus(candidate) > 0)
    .toSorted((a, b) => a.priority - b.priority || surplus(b) - surplus(a) || (a.name < b.name ? -1 : 1));
  for (const victim of victims) {
    const given = Math.min(left, surplus(victim));
    if (given <= 0) break;
    left -= given;
    const target = (grants.get(victim.name)?.target ?? 0) - given;
    grants.set(victim.name, { target, short: false, preempted: true });
  }
}

/** Slots a pool has or may take without being asked: its processes, and its workers that wait for a restart. */
function held(proposal: Proposal): number {
  return draining(proposal) + Math.max(proposal.current, proposal.previous);
}

function draining({ live, current }: Proposal): number {
  return Math.max(0, live - current);
}

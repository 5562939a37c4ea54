/** A worker as far as the choice of who goes needs it. */
export interface Candidate {
  readonly slot: number;
  readonly busy: boolean;
  /** False while it has no process: it waits for a restart and costs nothing to lose. */
  readonly alive?: boolean;
}

/**
 * Who goes when a pool shrinks by `count`: those without a process first, then idle ones, then busy ones, and of
 * equals the highest slot. At most all of them; the order is the order of going.
 */
export function chooseVictims<T extends Candidate>(candidates: readonly T[], count: number): T[] {
  const cost = ({ alive, busy }: Candidate) => (alive === false ? 0 : busy ? 2 : 1);
  return candidates.toSorted((a, b) => cost(a) - cost(b) || b.slot - a.slot).slice(0, Math.max(0, count));
}

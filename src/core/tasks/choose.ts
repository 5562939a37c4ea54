import type { TasksSpec } from "../farm/tasks-spec.ts";

/** A worker as far as the choice of who gets a task needs it. */
export interface Seat {
  /** It has a process that takes tasks now. */
  readonly isOpen: boolean;
  /** Tasks in its hand and waiting for it. */
  readonly load: number;
  /** Tasks that could begin at once. */
  readonly free: number;
  /** Tasks it would take: those that could begin, and those that could wait. */
  readonly room: number;
}

/**
 * The place in `seats` of the worker that gets the next task, or -1 when all are full. One that is not open gets it only when no open one
 * has room. `least_loaded`: who has least in hand and waiting; `round_robin`: the next one, counted from `turn`, that could begin at once,
 * else the next one with room. Of equals the next one from `turn` on.
 */
export function chooseWorker(dispatch: TasksSpec["dispatch"], seats: readonly Seat[], turn: number): number {
  let best = -1;
  let bestRank = Infinity;
  for (let step = 0; step < seats.length; step++) {
    const at = (turn + step) % seats.length;
    const seat = seats[at];
    if (seat === undefined) continue;
    const rank = rankOf(dispatch, seat);
    if (rank >= bestRank || seat.room <= 0) continue;
    if (rank === 0) return at;
    best = at;
    bestRank = rank;
  }
  return best;
}

/** Above all loads: a worker that is not open comes after all that are. */
const NOT_OPEN = 2 ** 40;

function rankOf(dispatch: TasksSpec["dispatch"], { isOpen, load, free }: Seat): number {
  const rank = dispatch === "least_loaded" ? load : free > 0 ? 0 : 1;
  return isOpen ? rank : NOT_OPEN + rank;
}

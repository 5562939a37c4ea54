/**
 * The life of one worker (a slot that is kept alive), whatever processes come and go in it.
 *
 *   starting  a process runs and is not ready yet
 *   ready     it may work
 *   draining  it is to go and finishes its last message; a scale-down may be called off as long as it has not been told to stop
 *   backoff   no process; the next one starts when its delay is over
 *   parked    no process, for it has given up; none will be started until somebody asks
 *   stopped   no process, since a person wanted none
 *   finished  no process; it ended and its restart policy wants no other
 *   gone      the slot itself has been given up (scale-down, shutdown)
 */
export type WorkerState = "starting" | "ready" | "draining" | "backoff" | "parked" | "stopped" | "finished" | "gone";

/** What can happen to a worker. */
export type WorkerMove = "start" | "ready" | "drain" | "keep" | "wait" | "park" | "stop" | "finish" | "remove";

/** Every legal move. A pair that is missing here is a bug of pm, and is reported as one instead of guessed round. */
const moves: Readonly<Record<WorkerState, Readonly<Partial<Record<WorkerMove, WorkerState>>>>> = {
  starting: {
    ready: "ready",
    drain: "draining",
    start: "starting",
    wait: "backoff",
    park: "parked",
    stop: "stopped",
    finish: "finished",
    remove: "gone",
  },
  ready: {
    drain: "draining",
    start: "starting",
    wait: "backoff",
    park: "parked",
    stop: "stopped",
    finish: "finished",
    remove: "gone",
  },
  draining: {
    drain: "draining",
    keep: "ready",
    start: "starting",
    wait: "backoff",
    park: "parked",
    stop: "stopped",
    remove: "gone",
  },
  backoff: { start: "starting", wait: "backoff", park: "parked", stop: "stopped", remove: "gone" },
  parked: { start: "starting", park: "parked", stop: "stopped", remove: "gone" },
  stopped: { start: "starting", park: "stopped", stop: "stopped", remove: "gone" },
  finished: { start: "starting", stop: "stopped", remove: "gone" },
  gone: {},
};

/** The state after a move. Throws on an illegal one. */
export function nextState(state: WorkerState, move: WorkerMove): WorkerState {
  const next = moves[state][move];
  if (next === undefined) throw new Error(`illegal move of a worker: ${move} while ${state}`);
  return next;
}

/** True while nothing will start it but somebody who asks. */
export function isAtRest(state: WorkerState): boolean {
  return state === "parked" || state === "stopped" || state === "finished";
}

/** True while a process of the worker is (or may be) alive. */
export function hasProcess(state: WorkerState): boolean {
  return state === "starting" || state === "ready" || state === "draining";
}

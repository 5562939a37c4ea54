import type { ConsumerStatus, WorkerStatus } from "../../protocol/control-api.ts";
import { ageText } from "../../core/farm/amounts.ts";
import { plural } from "../../core/farm/operation-text.ts";

/** What is worth saying of a consumer beside its numbers, in a few words each. */
export function consumerNotes(consumer: ConsumerStatus): readonly string[] {
  const { min, max, sized_by, desired, allocated, queue_depth, why, problem, origin, tasks } = consumer;
  const range = min === max ? null : `${min}..${max} workers`;
  return [
    range,
    sized_by === "person" ? "size set by hand" : null,
    desired !== null && allocated !== null && allocated < desired ? `wants ${desired}, granted ${allocated}` : null,
    tasks === null || tasks.server === null
      ? null
      : `${plural(tasks.server.connections, "connection")} to ${tasks.server.address}`,
    tasks === null ? null : `tasks: ${tasks.waiting} waiting, ${tasks.in_flight} in flight`,
    queue_depth === null || tasks !== null ? null : `${queue_depth} waiting`,
    origin === "source" ? "from the source" : null,
    why,
    problem === null ? null : `an older definition runs: ${problem}`,
  ].filter((note) => note !== null);
}

/** The same of a worker; `nowMs` is the instant of the document. */
export function workerNotes(worker: WorkerStatus, nowMs: number): readonly string[] {
  const { next_start_in_seconds, failures, failure_limit, failure_window_seconds, last_exit } = worker;
  return [
    inFlight(worker),
    next_start_in_seconds === null ? null : `next start in ${ageText(Math.ceil(next_start_in_seconds))}`,
    failures === 0 ? null : `failures ${failures} of ${failure_limit} in ${ageText(failure_window_seconds)}`,
    last_exit === null
      ? null
      : `last exit: ${last_exit.text}, ${ageText((nowMs - Date.parse(last_exit.at)) / 1000)} ago`,
  ].filter((note) => note !== null);
}

/** Told only where it says more than that so many slots are busy. */
function inFlight({ busy, in_flight }: WorkerStatus): string | null {
  const transports = Object.entries(in_flight).filter(([, count]) => count > 0);
  const total = transports.reduce((sum, [, count]) => sum + count, 0);
  if (transports.length === 0 || (transports.length === 1 && total === busy)) return null;
  return `in flight: ${transports.map(([transport, count]) => `${transport} ${count}`).join(", ")}`;
}

import type { PmEvent, WorkerRef } from "../core/farm/events.ts";
import { isAtRest } from "../core/supervision/lifecycle.ts";
import { judgeStart, readyTimeoutMs } from "../core/supervision/start-verdict.ts";
import type { Consumer } from "./consumer.ts";
import type { Cancel, Clock } from "./host.ts";
import type { Worker } from "./worker.ts";

/** Where facts are heard: all, or those of one consumer and the farm's end at least. The returned function ends it. */
export type Listen = (hear: (event: PmEvent) => void, consumer?: string) => () => void;

/** What became of a start: null when all is well, else why not. */
export type StartResult = string | null;

/** What ends the wait for a worker of which no process has been started yet. */
const withoutStart: ReadonlySet<PmEvent["type"]> = new Set([
  "worker_not_started",
  "worker_paused",
  "worker_stopped",
  "worker_parked",
  "worker_finished",
  "worker_gone",
]);

/** Watches a consumer for a while. */
export function watchStarts({ spec, workers }: Consumer, clock: Clock, listen: Listen): StartWatch {
  return new StartWatch(spec.name, () => workers, clock, listen);
}

/** Watches the workers of one consumer from now on, so that whoever starts some of them can wait for what becomes of it. */
export class StartWatch {
  readonly #consumer: string;
  readonly #workers: () => readonly Worker[];
  readonly #clock: Clock;
  readonly #close: () => void;
  readonly #results = new Map<number, StartResult>();
  readonly #waiting = new Map<number, (result: StartResult) => void>();
  /** Workers whose process has been started since: the words of an earlier one mean nothing. */
  readonly #started = new Set<number>();
  readonly #cancels = new Map<number, Cancel>();
  /** Set when nothing will start any more. */
  #over: string | null = null;

  /** The consumer need not be there yet. */
  constructor(consumer: string, workers: () => readonly Worker[], clock: Clock, listen: Listen) {
    this.#consumer = consumer;
    this.#workers = workers;
    this.#clock = clock;
    this.#close = listen((event) => this.#hear(event), consumer);
  }

  /** Only what this worker does from now on counts. */
  anew({ ref: { worker } }: Worker): void {
    this.#started.delete(worker);
    this.#results.delete(worker);
    this.#cancels.get(worker)?.();
    this.#cancels.delete(worker);
  }

  /** What became of the start of this worker; waits for it. */
  of(worker: Worker): Promise<StartResult> {
    const id = worker.ref.worker;
    const known = this.#results.get(id) ?? this.#over;
    if (this.#results.has(id) || known !== null) return Promise.resolve(known);
    if (worker.state === "gone" || isAtRest(worker.state)) return Promise.resolve("was stopped meanwhile");
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  /** What became of the starts of all these. */
  ofAll(workers: readonly Worker[]): Promise<readonly { readonly ref: WorkerRef; readonly why: StartResult }[]> {
    return Promise.all(workers.map(async (worker) => ({ ref: worker.ref, why: await this.of(worker) })));
  }

  /** Hears no more; whoever still waits is told that nobody knows. */
  close(): void {
    this.#close();
    for (const cancel of this.#cancels.values()) cancel();
    for (const id of this.#waiting.keys()) this.#settle(id, "nobody waits for it any more");
  }

  #hear(event: PmEvent): void {
    if (event.type === "shutting_down") this.#over = "pm is shutting down";
    // Its other workers are told to stop, and those that have no process come to rest without a word.
    if (event.type === "consumer_parked" && event.consumer === this.#consumer) this.#over = `given up: ${event.reason}`;
    if (this.#over !== null) {
      for (const id of this.#waiting.keys()) this.#settle(id, this.#over);
      return;
    }
    if (!("worker" in event) || event.consumer !== this.#consumer) return;
    const id = event.worker;
    if (this.#results.has(id)) return;
    if (event.type === "worker_started") {
      this.#started.add(id);
      this.#later(id, readyTimeoutMs, () => this.#settle(id, `is not ready after ${readyTimeoutMs / 1000} s`));
      return;
    }
    if (!this.#started.has(id) && !withoutStart.has(event.type)) return;
    const verdict = judgeStart(event);
    if (verdict?.is === "ready" || verdict?.is === "worked") this.#ready(id);
    else if (verdict?.is === "well") this.#settle(id, null);
    else if (verdict !== null) this.#settle(id, verdict.why);
  }

  /** One that is ready is well when it lives on for as long as a worker should, or has done work. */
  #ready(id: number): void {
    const worker = this.#workers().find(({ ref }) => ref.worker === id);
    const sinceMs = worker?.runningSinceMs ?? null;
    if (worker?.state !== "ready" || sinceMs === null) return;
    const leftMs = worker.spec.restart.minUptimeMs - (this.#clock.nowMs() - sinceMs);
    if (leftMs <= 0 || worker.reportedWork) this.#settle(id, null);
    else this.#later(id, leftMs, () => this.#settle(id, null));
  }

  #later(id: number, delayMs: number, run: () => void): void {
    this.#cancels.get(id)?.();
    this.#cancels.set(id, this.#clock.after(delayMs, run));
  }

  #settle(id: number, result: StartResult): void {
    this.#cancels.get(id)?.();
    this.#cancels.delete(id);
    this.#results.set(id, result);
    this.#waiting.get(id)?.(result);
    this.#waiting.delete(id);
  }
}

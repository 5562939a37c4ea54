import type { StopCause } from "../core/farm/events.ts";
import type { ConsumerSnapshot } from "../core/farm/snapshot.ts";
import type { ConsumerSpec } from "../core/farm/spec.ts";
import { initialSize } from "../core/scaling/initial-size.ts";
import type { Host } from "./host.ts";
import { Worker, type WorkerOwner } from "./worker.ts";

/** Workers that speak are asked for a sign of life this often, or twice within their ping timeout if that is shorter. */
const pingIntervalMs = 10_000;

/** What a consumer tells the supervisor. */
export interface ConsumerOwner {
  /** Its answer to an open failure limit is to end the farm. */
  failureLimitReached(): void;
  /** The farm is not to go on without it. */
  essentialGaveUp(): void;
  /** No worker of it will start again by itself; `failed` when that is because of failures. */
  settled(consumer: Consumer, failed: boolean): void;
}

/** A pool of identical workers. */
export class Consumer implements WorkerOwner {
  readonly spec: ConsumerSpec;
  readonly #host: Host;
  readonly #owner: ConsumerOwner;
  readonly #workers: Worker[] = [];
  #parked: string | null = null;
  #degraded = false;

  /** `nextId` hands out worker ids, unique over the whole farm. */
  constructor(spec: ConsumerSpec, host: Host, nextId: () => number, owner: ConsumerOwner) {
    this.spec = spec;
    this.#host = host;
    this.#owner = owner;
    for (let slot = 0; slot < initialSize(spec.size); slot++) {
      this.#workers.push(new Worker({ worker: nextId(), slot, consumer: spec.name }, spec, host, this));
    }
    this.#pingLater();
  }

  get workers(): readonly Worker[] {
    return this.#workers;
  }

  /** All workers at once; each ends in its own time. */
  stop(cause: StopCause): void {
    for (const worker of this.#workers.slice()) {
      // those that are gone leave the list meanwhile
      if (worker.state !== "gone") worker.stop(cause);
    }
  }

  kill(): void {
    for (const worker of this.#workers) worker.kill();
  }

  snapshot(nowMs: number): ConsumerSnapshot {
    const { size } = this.spec;
    const target = initialSize(size);
    return {
      name: this.spec.name,
      transports: this.spec.transports,
      min: size.kind === "static" ? size.processes : size.min,
      max: size.kind === "static" ? size.processes : size.max,
      target,
      degraded: this.#degraded,
      parked: this.#parked,
      workers: this.#workers.map((worker) => worker.snapshot(nowMs)),
    };
  }

  limitChanged(worker: Worker): void {
    const degraded = this.#workers.some(({ limitOpen }) => limitOpen);
    if (degraded === this.#degraded) return;
    this.#degraded = degraded;
    this.#host.emit(
      degraded
        ? { type: "consumer_degraded", consumer: this.spec.name, worker: worker.ref.worker }
        : { type: "consumer_recovered", consumer: this.spec.name },
    );
  }

  gaveUp(worker: Worker, answer: "park" | "exit"): void {
    if (this.#parked !== null) return;
    if (answer === "exit") {
      this.#owner.failureLimitReached();
      return;
    }
    this.#parked = `worker ${worker.ref.worker} reached the failure limit`;
    this.#host.emit({ type: "consumer_parked", consumer: this.spec.name, reason: this.#parked });
    if (this.spec.restart.essential) {
      this.#owner.essentialGaveUp(); // the others stop with the farm
      return;
    }
    for (const other of this.#workers) {
      if (other !== worker && other.state !== "gone") other.stop("parked");
    }
  }

  settled(worker: Worker): void {
    if (worker.state === "gone") this.#workers.splice(this.#workers.indexOf(worker), 1);
    const over = this.#workers.every(({ state }) => state === "parked" || state === "finished");
    if (!over) return;
    const failed = this.#workers.some((other) => other.state === "parked" || other.failed);
    if (failed && this.#parked === null && this.#workers.some(({ state }) => state === "parked")) {
      this.#parked = "its exit code forbids a restart";
      this.#host.emit({ type: "consumer_parked", consumer: this.spec.name, reason: this.#parked });
    }
    this.#owner.settled(this, failed);
  }

  #pingLater(): void {
    const { pingTimeoutMs } = this.spec.liveness;
    const delayMs = Math.min(pingIntervalMs, (pingTimeoutMs ?? Number.POSITIVE_INFINITY) / 2);
    this.#host.clock.after(delayMs, () => {
      for (const worker of this.#workers) worker.ping();
      this.#pingLater();
    });
  }
}

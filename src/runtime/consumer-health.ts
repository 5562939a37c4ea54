import { isAtRest } from "../core/supervision/lifecycle.ts";
import type { Consumer } from "./consumer.ts";
import type { ConsumerOwner } from "./consumer-owner.ts";
import type { Host } from "./host.ts";
import type { Worker } from "./worker.ts";

/** Whether a consumer is degraded, and when it gives up. */
export class ConsumerHealth {
  readonly #consumer: Consumer;
  readonly #host: Pick<Host, "emit">;
  readonly #owner: ConsumerOwner;
  #degraded = false;
  #parked: string | null = null;

  constructor(consumer: Consumer, host: Pick<Host, "emit">, owner: ConsumerOwner) {
    this.#consumer = consumer;
    this.#host = host;
    this.#owner = owner;
  }

  /** A worker is over its failure limit and retried at the longest delay. */
  get degraded(): boolean {
    return this.#degraded;
  }

  /** Why it has given up, or null. */
  get parked(): string | null {
    return this.#parked;
  }

  /** It is given up no more. */
  unpark(): void {
    this.#parked = null;
  }

  /** The failure limit of this worker has opened or closed. */
  limitChanged({ ref: { consumer, worker } }: Worker): void {
    const degraded = this.#consumer.workers.some(({ limitOpen }) => limitOpen);
    if (degraded === this.#degraded) return;
    this.#degraded = degraded;
    this.#host.emit(
      degraded ? { type: "consumer_degraded", consumer, worker } : { type: "consumer_recovered", consumer },
    );
  }

  /** The failure limit of this worker is open, and the answer is to park or to exit. */
  gaveUp(worker: Worker, answer: "park" | "exit"): void {
    if (this.#parked !== null) return;
    if (answer === "exit") {
      this.#owner.failureLimitReached();
      return;
    }
    this.#park(`worker ${worker.ref.worker} reached the failure limit`);
    if (this.#consumer.spec.restart.essential) {
      this.#owner.essentialGaveUp(); // the others stop with the farm
      return;
    }
    for (const other of this.#consumer.workers) {
      if (other !== worker && other.state !== "gone") other.stop("parked");
    }
  }

  /** A worker will not start again by itself: perhaps none will. */
  settled(): void {
    const { workers } = this.#consumer;
    // An autoscaled consumer may be empty at times, and come back; a stopped one is nobody's failure.
    const over = workers.length > 0 && workers.every(({ state }) => isAtRest(state));
    if (!over || workers.some(({ state }) => state === "stopped")) return;
    const parked = workers.some(({ state }) => state === "parked");
    if (parked && this.#parked === null) this.#park("its exit code forbids a restart");
    this.#owner.settled(this.#consumer, parked || workers.some(({ failed }) => failed));
  }

  #park(reason: string): void {
    this.#parked = reason;
    this.#host.emit({ type: "consumer_parked", consumer: this.#consumer.spec.name, reason });
    this.#consumer.admitTasks();
  }
}

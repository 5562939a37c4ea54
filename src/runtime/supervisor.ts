import type { ShutdownReason } from "../core/farm/events.ts";
import type { FarmSnapshot } from "../core/farm/snapshot.ts";
import type { FarmSpec } from "../core/farm/spec.ts";
import { Autoscaler, type ScalingPorts } from "./autoscaler.ts";
import { Consumer, type ConsumerOwner } from "./consumer.ts";
import type { Host } from "./host.ts";
import type { Worker } from "./worker.ts";

/** A large farm starts in slices of this length, so that signals and probes are heard in between. */
const startSliceMs = 8;

/** All consumers of a farm, from the first start to the last reaped process. */
export class Supervisor implements ConsumerOwner {
  readonly #spec: FarmSpec;
  readonly #host: Host;
  readonly #consumers: Consumer[];
  readonly #autoscaler: Autoscaler;
  readonly #done: (exitCode: number) => void;
  #toStart: Worker[] = [];
  #stopping: ShutdownReason | null = null;
  #exitCode = 0;
  #lastWorkerId = 0;
  #ended = false;

  /** `done` is called once, when nothing of the farm is left, with the exit code of pm. */
  constructor(spec: FarmSpec, host: Host, scaling: ScalingPorts, done: (exitCode: number) => void) {
    this.#spec = spec;
    this.#host = host;
    this.#done = done;
    this.#consumers = spec.consumers.map((each) => new Consumer(each, host, () => ++this.#lastWorkerId, this));
    this.#autoscaler = new Autoscaler(spec, this.#consumers, host, scaling);
  }

  start(): void {
    this.#toStart = this.#consumers.flatMap(({ workers }) => workers);
    this.#host.emit({
      type: "farm_started",
      workers: this.#toStart.length,
      consumers: Object.fromEntries(this.#spec.consumers.map(({ name, transports }) => [name, transports])),
    });
    this.#startSlice();
    this.#autoscaler.start();
  }

  /** Begins the end: all workers are told to stop, at once. Only the first reason counts, but a bug shows in the exit code in any case. */
  shutdown(reason: ShutdownReason, exitCode: number, signal: string | null): void {
    if (reason === "internal_error") this.#exitCode = exitCode;
    if (this.#stopping !== null) return;
    this.#stopping = reason;
    this.#exitCode = exitCode;
    this.#toStart = [];
    this.#autoscaler.stop();
    this.#host.emit({ type: "shutting_down", reason, signal });
    for (const consumer of this.#consumers) consumer.stop("shutdown");
    this.#endWhenEmpty();
  }

  /** Gives a consumer another size now; the autoscaler goes on from there. */
  resize(name: string, size: number): void {
    this.#consumers.find(({ spec }) => spec.name === name)?.resize(size);
  }

  /** SIGKILL for all that still runs. */
  kill(): void {
    for (const consumer of this.#consumers) consumer.kill();
  }

  snapshot(): FarmSnapshot {
    const atMs = this.#host.clock.nowMs();
    return {
      atMs,
      phase: this.#stopping === null ? "running" : "stopping",
      totalCap: this.#spec.totalCap,
      consumers: this.#consumers.map((consumer) => consumer.snapshot(atMs)),
    };
  }

  failureLimitReached(): void {
    this.shutdown("failure_limit", 1, null);
  }

  emptied(): void {
    if (this.#stopping !== null) this.#endWhenEmpty();
  }

  essentialGaveUp(): void {
    this.shutdown("essential", 1, null);
  }

  settled(consumer: Consumer, failed: boolean): void {
    if (this.#stopping !== null) return;
    if (consumer.spec.restart.essential) {
      this.shutdown("essential", failed ? 1 : 0, null);
      return;
    }
    const states = this.#consumers.flatMap(({ workers }) => workers);
    if (states.every(({ state }) => state === "finished")) {
      this.shutdown("completed", states.some((worker) => worker.failed) ? 1 : 0, null);
    }
  }

  #startSlice(): void {
    const endMs = this.#host.clock.nowMs() + startSliceMs;
    while (this.#toStart.length > 0 && this.#host.clock.nowMs() < endMs) {
      const worker = this.#toStart.shift();
      if (worker?.state === "backoff") worker.start();
    }
    if (this.#toStart.length > 0) this.#host.clock.after(0, () => this.#startSlice());
  }

  #endWhenEmpty(): void {
    if (this.#ended || this.#consumers.some(({ workers }) => workers.length > 0)) return;
    this.#ended = true;
    this.#done(this.#exitCode);
  }
}

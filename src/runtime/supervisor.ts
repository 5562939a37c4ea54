import type { ShutdownReason } from "../core/farm/events.ts";
import type { Requester } from "../core/farm/operations.ts";
import type { FarmSnapshot } from "../core/farm/snapshot.ts";
import type { ConsumerSpec, FarmSpec } from "../core/farm/spec.ts";
import type { Decision } from "../core/scaling/load.ts";
import { Autoscaler, type ScalingPorts } from "./autoscaler.ts";
import { Consumer } from "./consumer.ts";
import type { ConsumerOwner } from "./consumer-owner.ts";
import type { Host } from "./host.ts";
import type { Worker } from "./worker.ts";

/** Many workers start in slices of this length, so that signals and probes are heard in between. */
const startSliceMs = 8;

/** All consumers of a farm, from the first start to the last reaped process. */
export class Supervisor implements ConsumerOwner {
  readonly #host: Host;
  readonly #consumers: Consumer[];
  readonly #byName: Map<string, Consumer>;
  readonly #autoscaler: Autoscaler;
  readonly #done: (exitCode: number) => void;
  readonly #stopBudgetMs: number | null;
  #spec: FarmSpec;
  #toStart: Worker[] = [];
  /** No worker more is started after this instant in the same turn; null when nothing was started in this turn. */
  #sliceEndMs: number | null = null;
  #stopping: ShutdownReason | null = null;
  #exitCode = 0;
  #lastWorkerId = 0;
  /** Workers that are no more. */
  #gone = 0;
  #ended = false;

  /**
   * `done` is called once, when nothing of the farm is left, with the exit code of pm. At shutdown no worker gets more than `stopBudgetMs`,
   * whatever its consumer asks; null sets no such limit.
   */
  constructor(
    spec: FarmSpec,
    host: Host,
    scaling: ScalingPorts,
    done: (exitCode: number) => void,
    stopBudgetMs: number | null = null,
  ) {
    this.#spec = spec;
    this.#host = host;
    this.#done = done;
    this.#stopBudgetMs = stopBudgetMs;
    this.#consumers = spec.consumers.map((each) => this.#make(each));
    this.#byName = new Map(this.#consumers.map((consumer) => [consumer.spec.name, consumer]));
    this.#autoscaler = new Autoscaler(spec, this.#consumers, host, scaling);
  }

  start(): void {
    this.#toStart = this.#consumers.flatMap((consumer) => consumer.prepare());
    this.#host.emit({
      type: "farm_started",
      workers: this.#toStart.length,
      consumers: Object.fromEntries(this.#spec.consumers.map(({ name, transports }) => [name, transports])),
    });
    this.#startSlice();
    this.#autoscaler.start();
  }

  /** Begins the end: all workers are told to stop, at once. Only the first reason counts, but a bug shows in the exit code in any case. */
  shutdown(reason: ShutdownReason, exitCode: number, signal: string | null, who?: Requester): void {
    if (reason === "internal_error") this.#exitCode = exitCode;
    if (this.#stopping !== null) return;
    this.#stopping = reason;
    this.#exitCode = exitCode;
    this.#toStart = [];
    this.#autoscaler.stop();
    this.#host.emit({ type: "shutting_down", reason, signal, ...(who === undefined ? {} : { who }) });
    for (const consumer of this.#consumers.slice()) consumer.stop("shutdown", this.#stopBudgetMs);
    this.#endWhenEmpty();
  }

  /** Workers wait for their turn to start. */
  get starting(): boolean {
    return this.#toStart.length > 0;
  }

  get stopping(): boolean {
    return this.#stopping !== null;
  }

  /** The consumers that are there to stay. */
  get consumers(): readonly Consumer[] {
    return this.#consumers.filter(({ removed }) => !removed);
  }

  /** One that is there to stay. */
  consumer(name: string): Consumer | undefined {
    const consumer = this.#byName.get(name);
    return consumer?.removed === true ? undefined : consumer;
  }

  /** The last decisions on the size of a consumer, oldest first. */
  decisions(consumer: string): readonly Decision[] {
    return this.#autoscaler.decisions(consumer);
  }

  /** What holds for the farm as a whole is another now; its consumers are changed one by one. */
  adopt(spec: FarmSpec): void {
    this.#spec = spec;
    this.#autoscaler.adopt(spec);
    this.#fill();
  }

  /** A consumer joins; one of this name that is still on its way out comes back. It starts as far as the cap has slots now, the rest later. */
  add(spec: ConsumerSpec): void {
    const leaving = this.#byName.get(spec.name);
    const { name: consumer, transports, size } = spec;
    this.#host.emit({ type: "consumer_added", consumer, transports, autoscaled: size.kind === "autoscaled" });
    if (leaving !== undefined) {
      leaving.readmit(spec);
      return;
    }
    const made = this.#make(spec);
    this.#consumers.push(made);
    this.#byName.set(consumer, made);
    made.fill();
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

  freeSlots(): number {
    const { totalCap } = this.#spec;
    if (this.#stopping !== null) return 0;
    if (totalCap === null) return Number.POSITIVE_INFINITY;
    return totalCap - (this.#lastWorkerId - this.#gone);
  }

  startSoon(worker: Worker): void {
    this.#toStart.push(worker);
    this.#startSlice();
  }

  failureLimitReached(): void {
    this.shutdown("failure_limit", 1, null);
  }

  shrunk(consumer: Consumer, by: 0 | 1): void {
    this.#gone += by;
    if (consumer.removed && consumer.empty && this.#consumers.includes(consumer)) {
      this.#consumers.splice(this.#consumers.indexOf(consumer), 1);
      this.#byName.delete(consumer.spec.name);
      consumer.close();
      this.#autoscaler.forget(consumer.spec.name);
      this.#host.emit({ type: "consumer_removed", consumer: consumer.spec.name });
    }
    if (this.#stopping !== null) this.#endWhenEmpty();
    else if (this.#spec.totalCap !== null) this.#fill();
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
    const workers = this.#consumers.flatMap((each) => each.workers);
    if (this.#spec.source === null && workers.every(({ state }) => state === "finished")) {
      this.shutdown("completed", workers.some((worker) => worker.failed) ? 1 : 0, null);
    }
  }

  #make(spec: ConsumerSpec): Consumer {
    return new Consumer(spec, this.#host, () => ++this.#lastWorkerId, this);
  }

  /** Slots may have become free: those that lack workers get them. */
  #fill(): void {
    for (const consumer of this.#consumers) consumer.fill();
  }

  #startSlice(): void {
    if (this.#sliceEndMs === null) {
      this.#sliceEndMs = this.#host.clock.nowMs() + startSliceMs;
      this.#host.clock.after(0, () => {
        this.#sliceEndMs = null;
        if (this.#toStart.length > 0) this.#startSlice();
      });
    }
    while (this.#toStart.length > 0 && this.#host.clock.nowMs() < this.#sliceEndMs) {
      const worker = this.#toStart.shift();
      if (worker?.state === "backoff" && !worker.paused) worker.start();
    }
  }

  #endWhenEmpty(): void {
    if (this.#ended || this.#consumers.some(({ empty }) => !empty)) return;
    this.#ended = true;
    for (const consumer of this.#consumers) consumer.close();
    this.#done(this.#exitCode);
  }
}

import type { ConsumerSpec, FarmSpec } from "../core/farm/spec.ts";
import type { Decision, HostShortage, Load, MeasuredLoad } from "../core/scaling/load.ts";
import { initialState, plan, type PlannedConsumer, type PlanState } from "../core/scaling/plan.ts";
import { initialPool, type PoolState } from "../core/scaling/pool-state.ts";
import type { Consumer } from "./consumer.ts";
import type { Cancel, Host } from "./host.ts";

/** Decisions kept of each consumer, for whoever asks why it is as large as it is. */
const keptDecisions = 20;

/** What the sources beside the workers said of a consumer. */
export type SourceReading = Pick<Load, "queueDepth" | "queueFailure" | "commandAnswer" | "commandFailure">;

/** The sources of one consumer. */
export interface ScalingSources {
  /** Always answers, in time; a failure is part of the answer. */
  read(load: MeasuredLoad, spec: ConsumerSpec): Promise<SourceReading>;
  close(): void;
}

/** What the autoscaler needs of the world beside the host of the workers. */
export interface ScalingPorts {
  /** The sources of a consumer, or null when it has none. */
  openSources(consumer: ConsumerSpec): ScalingSources | null;
  /** What speaks against more processes just now. */
  shortages(): readonly HostShortage[];
}

const noSources: SourceReading = { queueDepth: null, queueFailure: null, commandAnswer: null, commandFailure: null };

/** Decides the sizes of all consumers every so often: asks the sources, asks the core, tells the consumers. */
export class Autoscaler {
  readonly #host: Host;
  /** The supervisor's own list: it grows and shrinks. */
  readonly #consumers: readonly Consumer[];
  /** Opened for a definition, and closed when the consumer has another or is gone. */
  readonly #sources = new Map<string, { readonly spec: ConsumerSpec; readonly sources: ScalingSources | null }>();
  readonly #ports: ScalingPorts;
  readonly #decisions = new Map<string, readonly Decision[]>();
  #spec: FarmSpec;
  #state: PlanState;
  #cancel: Cancel = () => {};
  #started = false;
  /** The next evaluation is on its way. */
  #waiting = false;
  #stopped = false;

  constructor(spec: FarmSpec, consumers: readonly Consumer[], host: Host, ports: ScalingPorts) {
    this.#host = host;
    this.#spec = spec;
    this.#consumers = consumers;
    this.#ports = ports;
    this.#state = initialState(this.#planned());
  }

  /** Begins, as soon as a consumer has a size that follows its load. */
  start(): void {
    this.#started = true;
    if (this.#waiting || this.#stopped || !this.#spec.consumers.some(({ size }) => size.kind === "autoscaled")) return;
    this.#waiting = true;
    this.#cancel = this.#host.clock.after(this.#spec.autoscalerIntervalMs, () => void this.#evaluate());
  }

  /** The cap and the interval may be others; a consumer may be the first with a size that follows its load. */
  adopt(spec: FarmSpec): void {
    this.#spec = spec;
    if (this.#started) this.start();
  }

  /** Nothing is decided any more. */
  stop(): void {
    this.#stopped = true;
    this.#cancel();
    for (const { sources } of this.#sources.values()) sources?.close();
  }

  /** The consumer is gone. */
  forget(consumer: string): void {
    this.#sources.get(consumer)?.sources?.close();
    this.#sources.delete(consumer);
    this.#decisions.delete(consumer);
  }

  /** The last decisions on a consumer, oldest first. */
  decisions(consumer: string): readonly Decision[] {
    return this.#decisions.get(consumer) ?? [];
  }

  /** Those that are on their way out still hold their slots. */
  #planned(): readonly PlannedConsumer[] {
    return this.#consumers.map(({ spec, plannedSize }) => ({ name: spec.name, size: plannedSize }));
  }

  /** Somebody else may have set a size since the last evaluation: the consumer knows. */
  #remembered(): PlanState {
    const pools = this.#consumers.map(({ spec, target }): [string, PoolState] => {
      return [spec.name, { ...(this.#state.pools.get(spec.name) ?? initialPool(target)), target }];
    });
    return { pools: new Map(pools) };
  }

  /** Measured and asked first, all consumers at the same time; then decided in one step. */
  async #evaluate(): Promise<void> {
    const readings = await Promise.all(this.#consumers.map((consumer) => this.#read(consumer)));
    this.#waiting = false;
    if (this.#stopped) return;
    const { state, decisions } = plan({
      consumers: this.#planned(),
      loads: new Map(readings.map((load) => [load.consumer, load])),
      state: this.#remembered(),
      totalCap: this.#spec.totalCap,
      nowMs: this.#host.clock.nowMs(),
      epochMs: this.#host.clock.epochMs(),
      shortages: this.#ports.shortages(),
    });
    this.#state = state;
    // Those that shrink first: what they free is what others may grow by.
    const byName = new Map(this.#consumers.map((consumer) => [consumer.spec.name, consumer]));
    for (const decision of decisions.toSorted((a, b) => a.target - a.current - (b.target - b.current))) {
      this.#apply(decision, byName.get(decision.consumer));
    }
    this.start();
  }

  async #read(consumer: Consumer): Promise<Load> {
    const { spec } = consumer;
    const { name } = spec;
    const load = consumer.load();
    const reading = (await this.#sourcesOf(spec)?.read(load, spec)) ?? noSources;
    // Processes may have come or gone while the sources were asked.
    const { live, current } = consumer.count();
    const failure = reading.queueFailure ?? reading.commandFailure;
    if (failure !== null && consumer.sourceFailure === null) {
      this.#host.emit({ type: "scaling_source_failed", consumer: name, error: failure });
    }
    if (failure === null && consumer.sourceFailure !== null) {
      this.#host.emit({ type: "scaling_source_recovered", consumer: name });
    }
    consumer.sourceFailure = failure;
    return { ...load, live, current, ...reading };
  }

  #sourcesOf(spec: ConsumerSpec): ScalingSources | null {
    const open = this.#sources.get(spec.name);
    if (open?.spec === spec) return open.sources;
    open?.sources?.close();
    const sources = spec.size.kind === "autoscaled" ? this.#ports.openSources(spec) : null;
    this.#sources.set(spec.name, { spec, sources });
    return sources;
  }

  #apply(decision: Decision, consumer: Consumer | undefined): void {
    if (consumer === undefined || consumer.removed || consumer.plannedSize.kind === "static") return;
    consumer.decision = decision;
    this.#decisions.set(decision.consumer, [...this.decisions(decision.consumer), decision].slice(-keptDecisions));
    this.#host.emit({ type: "scaling_decided", decision });
    consumer.resize(decision.target);
  }
}

import type { ConsumerSpec, FarmSpec } from "../core/farm/spec.ts";
import type { Decision, HostShortage, Load } from "../core/scaling/load.ts";
import { initialState, plan, type PlannedConsumer, type PlanState } from "../core/scaling/plan.ts";
import type { Consumer } from "./consumer.ts";
import type { Cancel, Host } from "./host.ts";

/** Decisions kept of each consumer, for whoever asks why it is as large as it is. */
const keptDecisions = 20;

/** What the sources beside the workers said of a consumer. */
export type SourceReading = Pick<Load, "queueDepth" | "queueFailure" | "commandAnswer" | "commandFailure">;

/** The sources of one consumer. */
export interface ScalingSources {
  /** Always answers, in time; a failure is part of the answer. */
  read(load: Omit<Load, keyof SourceReading>, spec: ConsumerSpec): Promise<SourceReading>;
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
  readonly #intervalMs: number;
  readonly #totalCap: number | null;
  readonly #planned: readonly PlannedConsumer[];
  readonly #consumers: ReadonlyMap<string, Consumer>;
  readonly #sources = new Map<string, ScalingSources>();
  readonly #ports: ScalingPorts;
  readonly #decisions = new Map<string, readonly Decision[]>();
  #state: PlanState;
  #cancel: Cancel = () => {};
  #stopped = false;

  constructor(spec: FarmSpec, consumers: readonly Consumer[], host: Host, ports: ScalingPorts) {
    this.#host = host;
    this.#intervalMs = spec.autoscalerIntervalMs;
    this.#totalCap = spec.totalCap;
    this.#ports = ports;
    this.#planned = spec.consumers.map(({ name, size }) => ({ name, size }));
    this.#consumers = new Map(consumers.map((consumer) => [consumer.spec.name, consumer]));
    this.#state = initialState(this.#planned);
    for (const consumer of spec.consumers) {
      const sources = consumer.size.kind === "autoscaled" ? ports.openSources(consumer) : null;
      if (sources !== null) this.#sources.set(consumer.name, sources);
    }
  }

  /** Begins, unless no consumer has a size that follows its load. */
  start(): void {
    if (this.#planned.some(({ size }) => size.kind === "autoscaled")) this.#later();
  }

  /** Nothing is decided any more. */
  stop(): void {
    this.#stopped = true;
    this.#cancel();
    for (const sources of this.#sources.values()) sources.close();
  }

  /** The last decisions on a consumer, oldest first. */
  decisions(consumer: string): readonly Decision[] {
    return this.#decisions.get(consumer) ?? [];
  }

  #later(): void {
    this.#cancel = this.#host.clock.after(this.#intervalMs, () => void this.#evaluate());
  }

  /** Measured and asked first, all consumers at the same time; then decided in one step. */
  async #evaluate(): Promise<void> {
    const readings = await Promise.all([...this.#consumers].map(([name, consumer]) => this.#read(name, consumer)));
    if (this.#stopped) return;
    const { state, decisions } = plan({
      consumers: this.#planned,
      loads: new Map(readings.map((load) => [load.consumer, load])),
      state: this.#state,
      totalCap: this.#totalCap,
      nowMs: this.#host.clock.nowMs(),
      epochMs: this.#host.clock.epochMs(),
      shortages: this.#ports.shortages(),
    });
    this.#state = state;
    // Those that shrink first: what they free is what others may grow by.
    for (const decision of decisions.toSorted((a, b) => a.target - a.current - (b.target - b.current))) {
      this.#apply(decision);
    }
    this.#later();
  }

  async #read(name: string, consumer: Consumer): Promise<Load> {
    const load = consumer.load();
    const reading = (await this.#sources.get(name)?.read(load, consumer.spec)) ?? noSources;
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

  #apply(decision: Decision): void {
    const consumer = this.#consumers.get(decision.consumer);
    if (consumer === undefined || consumer.spec.size.kind === "static") return;
    consumer.decision = decision;
    this.#decisions.set(decision.consumer, [...this.decisions(decision.consumer), decision].slice(-keptDecisions));
    this.#host.emit({ type: "scaling_decided", decision });
    consumer.resize(decision.target);
  }
}

import { initialState, plan, type PlannedConsumer } from "../scaling/plan.ts";
import type { DecisionReason, Load } from "../scaling/load.ts";
import { idle, mondayMs } from "./plan-rule.ts";
import type { Sample } from "./trace.ts";

/** One line of the output: an evaluation of one consumer. */
export interface Evaluation {
  /** Seconds. */
  readonly t: number;
  readonly consumer: string;
  readonly current: number;
  /** Smoothed, as the strategy sees it; rounded to a millionth. */
  readonly busy: number;
  readonly desired: number;
  readonly allocated: number;
  readonly target: number;
  readonly reason: Exclude<DecisionReason, "paused" | `host_${string}`>;
}

/**
 * Runs the autoscaler over a trace: evaluations from 0 to the last sample, each by the samples that hold at that moment; `current`
 * follows the target at once. All consumers at each evaluation, in the order given.
 */
export function* evaluate(
  consumers: readonly PlannedConsumer[],
  totalCap: number | null,
  intervalMs: number,
  samples: readonly Sample[],
): Generator<Evaluation> {
  const lastMs = msOf(samples.at(-1)?.t ?? 0);
  const holding = new Map<string, Sample>();
  let state = initialState(consumers);
  let sizes = new Map(consumers.map(({ name, size }) => [name, size.kind === "static" ? size.processes : size.min]));
  let read = 0;
  for (let nowMs = 0; nowMs <= lastMs; nowMs += intervalMs) {
    for (let next = samples[read]; next !== undefined && msOf(next.t) <= nowMs; next = samples[++read])
      holding.set(next.consumer, next);
    const loads = new Map(consumers.map(({ name }) => [name, loadOf(name, sizes.get(name) ?? 0, holding.get(name))]));
    const epochMs = mondayMs + nowMs;
    const result = plan({ consumers, loads, state, totalCap, nowMs, epochMs, shortages: [] });
    for (const { consumer, current, busy, desired, allocated, target, reason } of result.decisions) {
      const rounded = Math.round(busy * 1e6) / 1e6;
      yield {
        t: nowMs / 1000,
        consumer,
        current,
        busy: rounded,
        desired,
        allocated,
        target,
        reason: plainReason(reason),
      };
    }
    state = result.state;
    sizes = new Map(result.decisions.map(({ consumer, target }) => [consumer, target]));
  }
}

/** Without what is left when 1.1 becomes 1100.0000000000002. */
const msOf = (seconds: number): number => Math.round(seconds * 1e6) / 1e3;

/** The mean service time is by Little's law: workers at work are messages a second × seconds a message. */
function loadOf(consumer: string, current: number, sample: Sample | undefined): Load {
  if (sample === undefined) return { ...idle(consumer, current), ...unknownToTrace };
  const { busy, queue, throughput } = sample;
  const serviceSeconds = throughput > 0 && busy > 0 ? busy / throughput : null;
  const queueFailure = queue === null ? unknownToTrace.queueFailure : null;
  return {
    ...idle(consumer, current),
    ...unknownToTrace,
    busy,
    throughput,
    serviceSeconds,
    queueDepth: queue,
    queueFailure,
  };
}

const unknownToTrace = { queueFailure: "the trace does not say", commandFailure: "a simulation runs no commands" };

/** A simulation knows no host, and a pool whose scaling is paused is steady. */
function plainReason(reason: DecisionReason): Evaluation["reason"] {
  switch (reason) {
    case "paused":
    case "host_memory":
    case "host_cpu":
    case "host_pids":
      return "steady";
    default:
      return reason;
  }
}

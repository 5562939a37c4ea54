import type { ConsumerSpec } from "../core/farm/spec.ts";
import { commandStrategyOf, queueStrategyOf } from "../core/scaling/sources.ts";
import { openDecider } from "../queues/decider.ts";
import { openQueues } from "../queues/open-queue.ts";
import type { ScalingSources, SourceReading } from "./autoscaler.ts";

/** Opens what the strategy of a consumer asks beside its workers; null when it asks nothing. `env` is that of its workers. */
export function openConsumerSources(spec: ConsumerSpec, env: Readonly<Record<string, string>>): ScalingSources | null {
  if (spec.size.kind !== "autoscaled") return null;
  const queueStrategy = queueStrategyOf(spec.size.scaling.strategy);
  const commandStrategy = commandStrategyOf(spec.size.scaling.strategy);
  if (queueStrategy === null && commandStrategy === null) return null;
  const surroundings = { cwd: spec.cwd, env };
  const queues =
    queueStrategy === null ? null : openQueues(queueStrategy.queues, queueStrategy.timeoutMs, surroundings);
  const decider = commandStrategy === null ? null : openDecider({ ...commandStrategy, ...surroundings });

  const { min, max } = spec.size;
  return {
    async read(load): Promise<SourceReading> {
      const depth = queues === null ? null : await queues.depth();
      const queueDepth = depth?.ok === true ? depth.depth : null;
      const snapshot = {
        consumer: spec.name,
        transports: spec.transports,
        current_workers: load.current,
        busy_workers: load.busy,
        idle_workers: Math.max(0, load.current - load.busy),
        throughput_per_second: load.throughput,
        service_seconds: load.serviceSeconds,
        queue_depth: queueDepth,
        min,
        max,
      };
      const answer = decider === null ? null : await decider.ask(snapshot);
      return {
        queueDepth,
        queueFailure: depth?.ok === false ? depth.why : null,
        commandAnswer: answer?.ok === true ? answer.workers : null,
        commandFailure: answer?.ok === false ? answer.why : null,
      };
    },
    close() {
      queues?.close();
      decider?.close();
    },
  };
}

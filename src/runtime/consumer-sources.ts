import type { ConsumerSpec } from "../core/farm/spec.ts";
import { commandStrategyOf, countsOwnTasks, outsideQueues, queueStrategyOf } from "../core/scaling/sources.ts";
import { openDecider } from "../queues/decider.ts";
import { openQueues } from "../queues/open-queue.ts";
import type { QueueReading } from "../queues/queue.ts";
import type { ScalingSources, SourceReading } from "./autoscaler.ts";

/** Opens what the strategy of a consumer asks beside its workers; null when it asks nothing. `env` is that of its workers. */
export function openConsumerSources(spec: ConsumerSpec, env: Readonly<Record<string, string>>): ScalingSources | null {
  if (spec.size.kind !== "autoscaled") return null;
  const queueStrategy = queueStrategyOf(spec.size.scaling.strategy);
  const commandStrategy = commandStrategyOf(spec.size.scaling.strategy);
  if (queueStrategy === null && commandStrategy === null) return null;
  const surroundings = { cwd: spec.cwd, env };
  const outside = outsideQueues(spec.size.scaling.strategy);
  const ownTasks = countsOwnTasks(spec.size.scaling.strategy);
  const queues =
    queueStrategy === null || outside.length === 0 ? null : openQueues(outside, queueStrategy.timeoutMs, surroundings);
  const decider = commandStrategy === null ? null : openDecider({ ...commandStrategy, ...surroundings });

  const nothingOutside: QueueReading | null = ownTasks ? { ok: true, depth: 0 } : null;
  const { min, max } = spec.size;
  return {
    async read(load): Promise<SourceReading> {
      const depth = queues === null ? nothingOutside : await queues.depth();
      const own = ownTasks ? load.tasksWaiting : 0;
      const queueDepth = depth?.ok === true && own !== null ? depth.depth + own : null;
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

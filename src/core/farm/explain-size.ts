import { plural } from "./operation-text.ts";
import type { ConsumerSnapshot } from "./snapshot.ts";

/** Why a consumer that is not up to the autoscaler just now has as many workers as it has; null when it is up to the autoscaler. */
export function explainFixedSize(consumer: ConsumerSnapshot): string[] | null {
  const { name, target, workers } = consumer;
  const now = `${name}: ${plural(workers.length, "worker")}`;
  const back = `pm scale ${name} --auto gives it back`;
  if (consumer.stopped) return [`${now}. A person has stopped it; pm start ${name} starts ${target} again`];
  if (consumer.parked !== null) return [`${now}. It has given up: ${consumer.parked}; pm start ${name} tries again`];
  if (consumer.paused) return [`${now}. A person has paused it; pm resume ${name} lets it go on`];
  if (consumer.sizedBy === "person") return [`${now}. A person has set its size to ${target}; ${back}`];
  if (consumer.sizedBy === "file") return [`${now}. Its size is fixed: processes is ${target}`];
  return null;
}

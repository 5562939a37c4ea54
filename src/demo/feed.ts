import { dueUntil, messageAt, type Scenario } from "./load.ts";
import type { DemoQueue } from "./queue.ts";

const everyMs = 50;

/** Puts the messages of a load into the queue as they fall due, from now until the returned function is called. */
export function feed(queue: DemoQueue, scenario: Scenario): () => void {
  const startMs = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = dueUntil(scenario, (performance.now() - startMs) / 1000);
    while (sent < due) queue.put(messageAt(scenario, sent++));
  }, everyMs);
  return () => clearInterval(timer);
}

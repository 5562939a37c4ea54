import type { QueueSpec } from "../core/farm/scaling-spec.ts";
import { toDepth } from "./count.ts";
import type { Surroundings } from "./program.ts";
import type { Source } from "./queue.ts";
import { runOnce } from "./run-once.ts";

/** The number a program prints. */
export function commandSource(spec: Extract<QueueSpec, { kind: "command" }>, surroundings: Surroundings): Source {
  return {
    async read(signal) {
      const run = await runOnce(spec.command, null, surroundings, signal);
      return run.ok ? toDepth(run.text) : run;
    },
    close() {}, // a run under way ends with the question
  };
}

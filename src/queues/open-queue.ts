import type { QueueSpec } from "../core/farm/scaling-spec.ts";
import { commandSource } from "./command.ts";
import { Deadlines } from "./deadlines.ts";
import { explain } from "./explain.ts";
import { httpSource } from "./http-json.ts";
import { placeOf } from "./place.ts";
import type { Surroundings } from "./program.ts";
import { prometheusSource } from "./prometheus.ts";
import { failed, type Queue, type Source } from "./queue.ts";
import { rabbitmqSource } from "./rabbitmq.ts";
import { redisSource } from "./redis.ts";
import { oneLine, secretsOf, secretsOfCommand } from "./secrets.ts";
import { sqlSource } from "./sql.ts";

/**
 * One source of a queue's depth. Nothing is connected or started before it is asked; each failure starts afresh with the next question.
 * Commands run in `surroundings`, by default pm's own.
 */
export function openQueue(spec: QueueSpec, timeoutMs: number, surroundings: Surroundings = ownSurroundings()): Queue {
  const source = openSource(spec, timeoutMs, surroundings);
  const secrets = spec.kind === "command" ? secretsOfCommand(spec.command, surroundings.env) : secretsOf(spec);
  const deadlines = new Deadlines(timeoutMs, explain);
  return {
    async depth() {
      const reading = await deadlines.ask((signal) => source.read(signal));
      return reading.ok ? reading : failed(oneLine(reading.why, secrets));
    },
    close() {
      deadlines.close();
      source.close();
    },
  };
}

/** Several sources as one, asked at the same time: the sum of them, or the first in the list that fails and why. */
export function openQueues(
  specs: readonly QueueSpec[],
  timeoutMs: number,
  surroundings: Surroundings = ownSurroundings(),
): Queue {
  const queues = specs.map((spec) => ({ place: placeOf(spec), queue: openQueue(spec, timeoutMs, surroundings) }));
  return {
    async depth() {
      const readings = await Promise.all(
        queues.map(async ({ place, queue }) => ({ place, reading: await queue.depth() })),
      );
      let depth = 0;
      for (const { place, reading } of readings) {
        if (!reading.ok) return failed(`${place}: ${reading.why}`);
        depth += reading.depth;
      }
      return { ok: true, depth };
    },
    close() {
      for (const { queue } of queues) queue.close();
    },
  };
}

function ownSurroundings(): Surroundings {
  return { cwd: process.cwd(), env: process.env };
}

function openSource(spec: QueueSpec, timeoutMs: number, surroundings: Surroundings): Source {
  switch (spec.kind) {
    case "redis":
      return redisSource(spec, timeoutMs);
    case "sql":
      return sqlSource(spec, timeoutMs);
    case "rabbitmq":
      return rabbitmqSource(spec);
    case "prometheus":
      return prometheusSource(spec, timeoutMs);
    case "http":
      return httpSource(spec);
    case "command":
      return commandSource(spec, surroundings);
  }
}

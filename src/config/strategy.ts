import type { FailureAnswer, StrategySpec } from "../core/farm/scaling-spec.ts";
import type { Findings } from "./findings.ts";
import type { Path } from "./issue.ts";
import type { StrategyValues } from "./strategy-keys.ts";
import { splitWords } from "./words.ts";

type StrategyType = StrategyValues["type"];
type StrategyKey = Exclude<keyof StrategyValues, "type">;

/** What holds when a strategy does not say it. */
export const defaults = {
  target: 0.7,
  downThreshold: (target: number): number => target * 0.5,
  timeZone: "UTC",
  queue: { timeoutMs: 2000, onFailure: { kind: "hold" } },
  command: { timeoutMs: 5000, onFailure: { kind: "utilization" } },
} as const satisfies Readonly<Record<string, unknown>> & {
  readonly [N in "queue" | "command"]: { readonly timeoutMs: number; readonly onFailure: FailureAnswer };
};

/** The keys that mean something to each type. */
const keysOf: Readonly<Record<StrategyType, readonly StrategyKey[]>> = {
  fixed: [],
  utilization: ["target", "scale_up_threshold", "scale_down_threshold"],
  queue: ["queues", "per_worker", "max_wait", "timeout", "on_failure"],
  schedule: ["timezone", "rules"],
  command: ["command", "mode", "timeout", "on_failure"],
  max: ["of"],
  service: ["id", "timeout", "on_failure"],
};

/** The strategy that these values describe, or undefined when something it needs is missing or wrong, which is told. */
export function strategyOf(values: StrategyValues, path: Path, findings: Findings): StrategySpec | undefined {
  const { type } = values;
  if (findings.failed([...path, "type"])) return undefined;
  for (const [name, value] of Object.entries(values)) {
    if (name === "type" || value === null || keysOf[type].some((each) => each === name)) continue;
    findings.warn([...path, name], `has no effect with type: ${type}; remove it, or change the type`, "key");
  }
  switch (type) {
    case "fixed":
      return { type };
    case "utilization":
      return utilization(values, path, findings);
    case "queue":
      return queue(values, path, findings);
    case "schedule": {
      const { rules, timezone } = values;
      if (rules === null) return missing("rules", 'add one such as {cron: "* 8-17 * * 1-5", min: 4}', path, findings);
      return { type, timeZone: timezone ?? defaults.timeZone, rules };
    }
    case "command":
      if (values.command === null) return missing("command", "name the program that prints the number", path, findings);
      return command(values, values.command);
    case "max":
      if (values.of === null) return missing("of", "list the strategies of which the largest counts", path, findings);
      return { type, of: values.of };
    case "service":
      return service(values, path, findings);
  }
}

/** Tells it unless the key is there and wrong, which is told already. */
function missing(name: StrategyKey, toDo: string, path: Path, findings: Findings): undefined {
  const at = [...path, name];
  return findings.failed(at) ? undefined : findings.error(at, `is missing; ${toDo}`, "key");
}

function utilization(values: StrategyValues, path: Path, findings: Findings): StrategySpec {
  const { target: wanted, scale_up_threshold: givenUp, scale_down_threshold: givenDown } = values;
  const target = wanted ?? defaults.target;
  const up = givenUp ?? target;
  const down = givenDown ?? defaults.downThreshold(target);
  const spec = { type: "utilization", target, scaleUpThreshold: up, scaleDownThreshold: down } as const;
  const at = (name: string): Path => [...path, name];
  if (down <= up || keysOf.utilization.some((name) => findings.failed(at(name)))) return spec;
  const source = wanted === null ? "the default target" : "target";
  const named = (name: "scale_up_threshold" | "scale_down_threshold", value: number, rule: string): string => {
    if (values[name] !== null) return `${name} ${findings.show(at(name), value)}`;
    return `${name} ${findings.show(at("target"), value)} (derived: ${rule} ${source} ${findings.show(at("target"), target)})`;
  };
  findings.error(
    at(givenDown === null ? "scale_up_threshold" : "scale_down_threshold"),
    `${named("scale_down_threshold", down, "half of")} is above ${named("scale_up_threshold", up, "equal to")}, so a pool would grow and shrink at once; lower the first or raise the second`,
  );
  return spec;
}

function queue(values: StrategyValues, path: Path, findings: Findings): StrategySpec | undefined {
  const { queues, per_worker: perWorker, max_wait: maxWaitMs, timeout, on_failure: onFailure } = values;
  const objectives = [perWorker, maxWaitMs].filter((each) => each !== null).length;
  const at = (name: StrategyKey): Path => [...path, name];
  if (objectives === 2) {
    findings.error(at("max_wait"), "cannot be given together with per_worker; remove one of the two", "key");
  } else if (objectives === 0 && !findings.failed(at("per_worker")) && !findings.failed(at("max_wait"))) {
    findings.error(
      path,
      "has no objective; add max_wait: 30s (the longest a message should wait) or per_worker: 10 (messages a worker)",
      "key",
    );
  }
  if (queues === null && findings.failed(at("queues"))) return undefined;
  const { timeoutMs, onFailure: usual } = defaults.queue;
  const objective = { type: "queue", perWorker, maxWaitMs } as const;
  if (queues !== null) return { ...objective, queues, timeoutMs: timeout ?? timeoutMs, onFailure: onFailure ?? usual };
  for (const name of ["timeout", "on_failure"] as const) {
    if (values[name] !== null) findings.warn(at(name), "has no effect where no queue is asked; remove it", "key");
  }
  // Only who sees the whole consumer can tell whether it has tasks: `checkOwnTasks`.
  return { ...objective, queues: [{ kind: "tasks" }], timeoutMs, onFailure: usual };
}

function command(values: StrategyValues, words: readonly string[]): StrategySpec {
  return {
    type: "command",
    command: words,
    mode: values.mode ?? "once",
    timeoutMs: values.timeout ?? defaults.command.timeoutMs,
    onFailure: values.on_failure ?? defaults.command.onFailure,
  };
}

function service(values: StrategyValues, path: Path, findings: Findings): StrategySpec | undefined {
  if (values.id === null) return missing("id", "a strategy of type service needs the command to run", path, findings);
  const split = splitWords(values.id);
  if (!split.ok) return findings.error([...path, "id"], split.problem);
  findings.warn(
    [...path, "type"],
    "pm asks no service of Symfony: it runs the id as a program that reads a snapshot as JSON and prints a number; write type: command to say so",
  );
  return command({ ...values, mode: null }, split.words);
}

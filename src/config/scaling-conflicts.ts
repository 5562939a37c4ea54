import type { StrategySpec } from "../core/farm/scaling-spec.ts";
import type { AutoscalerValues } from "./autoscaler-keys.ts";
import { formatDuration } from "./duration.ts";
import type { Findings } from "./findings.ts";
import type { Path } from "./issue.ts";

/** Reports every impossible or doubtful combination between the keys of one autoscaler. */
export function checkAutoscaler(values: AutoscalerValues, intervalMs: number, path: Path, findings: Findings): void {
  const { min, max, strategy } = values;
  const bounds = {
    min: findings.failed([...path, "min"]) ? null : min,
    max: findings.failed([...path, "max"]) ? null : max,
  };
  const shown = (name: "min" | "max", value: number): string => findings.show([...path, name], value);
  if (bounds.min !== null && bounds.max !== null && min > max) {
    findings.error(
      [...path, "min"],
      `min ${shown("min", min)} is more than max ${shown("max", max)}; lower min or raise max`,
    );
  }
  const strategyPath = [...path, "strategy"];
  if (findings.failed(strategyPath)) return;
  if (bounds.min === 0 && !seesWorkWithoutWorkers(strategy)) {
    findings.error(
      [...path, "min"],
      "0 needs a strategy that sees work while no worker runs: queue, schedule or command; use one of them, or write 1 or more",
    );
  }
  for (const { spec, at } of parts(strategy, strategyPath)) {
    checkRules(spec, bounds, at, findings);
    checkFailureSize(spec, bounds.max, at, findings);
    checkTimes(spec, intervalMs, at, findings);
  }
}

/** Reports a queue strategy that names no queue, where the consumer has no tasks of its own that it could count. */
export function checkOwnTasks(strategy: StrategySpec, path: Path, findings: Findings): void {
  for (const { spec, at } of parts(strategy, path)) {
    if (spec.type !== "queue" || spec.queues.every(({ kind }) => kind !== "tasks")) continue;
    findings.error([...at, "queues"], "is missing; name one, such as {redis: redis://127.0.0.1, list: jobs}", "key");
  }
}

/** Whether a pool of no workers would ever be woken. */
function seesWorkWithoutWorkers(strategy: StrategySpec): boolean {
  if (strategy.type === "max") return strategy.of.some(seesWorkWithoutWorkers);
  return strategy.type === "queue" || strategy.type === "schedule" || strategy.type === "command";
}

/** The strategy and where it stands, or those of a `max`. */
function parts(strategy: StrategySpec, path: Path): readonly { spec: StrategySpec; at: Path }[] {
  return strategy.type === "max"
    ? strategy.of.map((spec, index) => ({ spec, at: [...path, "of", index] }))
    : [{ spec: strategy, at: path }];
}

interface Bounds {
  /** Null where the file is wrong. */
  readonly min: number | null;
  readonly max: number | null;
}

function checkRules(spec: StrategySpec, { min, max }: Bounds, path: Path, findings: Findings): void {
  if (spec.type !== "schedule") return;
  spec.rules.forEach((rule, index) => {
    const at = (name: "min" | "max"): Path => [...path, "rules", index, name];
    if (rule.min !== null && max !== null && rule.min > max) {
      const text = `${findings.show(at("min"), rule.min)} is more than the autoscaler's max, which holds; lower this or raise that`;
      findings.warn(at("min"), text);
    }
    if (rule.max !== null && min !== null && rule.max < min) {
      const text = `${findings.show(at("max"), rule.max)} is less than the autoscaler's min, which holds; raise this or lower that`;
      findings.warn(at("max"), text);
    }
  });
}

function checkFailureSize(spec: StrategySpec, max: number | null, path: Path, findings: Findings): void {
  if ((spec.type !== "queue" && spec.type !== "command") || spec.onFailure.kind !== "size") return;
  const { workers } = spec.onFailure;
  if (max === null || workers <= max) return;
  const at = [...path, "on_failure"];
  findings.warn(
    at,
    `${findings.show(at, workers)} is more than the autoscaler's max, which holds; lower this or raise that`,
  );
}

/** The shortest time between two decisions bounds how fast an answer can matter. */
function checkTimes(spec: StrategySpec, intervalMs: number, path: Path, findings: Findings): void {
  if ((spec.type !== "queue" && spec.type !== "command") || findings.failed(["autoscaler_interval_sec"])) return;
  const shown = (at: Path, ms: number): string => findings.show(at, formatDuration(ms));
  const interval = `autoscaler_interval_sec ${shown(["autoscaler_interval_sec"], intervalMs)}`;
  const timeout = [...path, "timeout"];
  const isAsked = spec.type === "command" || spec.queues.some(({ kind }) => kind !== "tasks");
  if (isAsked && spec.timeoutMs >= intervalMs) {
    findings.warn(
      timeout,
      `timeout ${shown(timeout, spec.timeoutMs)} is not shorter than ${interval}, so a slow answer comes too late for its decision; lower timeout or raise the interval`,
      "key",
    );
  }
  if (spec.type === "queue" && spec.maxWaitMs !== null && spec.maxWaitMs < intervalMs) {
    const at = [...path, "max_wait"];
    findings.warn(
      at,
      `${shown(at, spec.maxWaitMs)} is shorter than ${interval}, so a message can wait longer before anything is decided; raise max_wait or lower the interval`,
    );
  }
}

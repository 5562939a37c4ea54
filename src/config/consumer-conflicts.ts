import type { ConsumerValues } from "./consumer-keys.ts";
import type { Shape } from "./document.ts";
import { formatDuration } from "./duration.ts";
import type { Findings } from "./findings.ts";
import type { Path } from "./issue.ts";
import { checkOwnTasks } from "./scaling-conflicts.ts";
import { checkTasks, takesAddress } from "./task-conflicts.ts";

/** From this failure_limit on somebody means "never give up", and an unreachable limit is what they want. */
const neverGivesUp = 1_000_000;

/** Reports every impossible or doubtful combination of the keys of one consumer, as the file gives them. */
export function checkConsumer(values: ConsumerValues, shape: Shape, path: Path, findings: Findings): void {
  checkCommand(values, shape, path, findings);
  checkFailures(values, path, findings);
  checkExitCodes(values, path, findings);
  checkTasks(values, path, findings);
  if (values.processes !== null && values.autoscaler !== null) {
    findings.error([...path, "processes"], "cannot be given together with autoscaler; remove one of the two", "key");
  }
  if (values.autoscaler !== null && values.tasks === null && !findings.failed([...path, "tasks"])) {
    checkOwnTasks(values.autoscaler.strategy, [...path, "autoscaler", "strategy"], findings);
  }
  if (values.restart === "never" && values.on_failure_limit !== null) {
    findings.warn([...path, "on_failure_limit"], "has no effect with restart: never; remove one of the two", "key");
  }
  const timeLimit = values.consume_args?.time_limit ?? 0;
  if (timeLimit % 1000 !== 0)
    findings.error([...path, "consume_args", "time_limit"], "must be whole seconds; round it");
}

function checkCommand(values: ConsumerValues, shape: Shape, path: Path, findings: Findings): void {
  const has = (name: "command" | "preset" | "transports" | "consume_args" | "tasks"): boolean =>
    values[name] !== null || findings.failed([...path, name]);
  if (has("command")) {
    if (has("preset"))
      findings.error([...path, "preset"], "cannot be given together with command; remove one of the two", "key");
    if (has("consume_args"))
      findings.error(
        [...path, "consume_args"],
        "belongs to a preset and means nothing to a command; write the options into command",
        "key",
      );
  } else if (has("tasks")) {
    checkTaskCommand(values, path, findings);
  } else if (!has("transports")) {
    if (has("preset") || shape === "bundle")
      findings.error([...path, "transports"], "is missing; name at least one transport", "key");
    else
      findings.error(
        path,
        "has nothing to run; add command: [program, …], or transports: for a Symfony Messenger worker",
        "key",
      );
  }
}

/** Who hands tasks to workers must say which, or name a server that has its own. */
function checkTaskCommand(values: ConsumerValues, path: Path, findings: Findings): void {
  const { tasks, preset, transports } = values;
  const at = [...path, "tasks"];
  if (tasks === null || takesAddress(values, path, findings)) return;
  if (preset !== null || transports !== null) {
    findings.error(
      at,
      "cannot be given together with a preset, whose workers fetch their own work; write command: [program, …] instead of preset and transports, or remove tasks",
      "key",
    );
  } else if (!findings.failed(at)) {
    const server = tasks.protocol === "fastcgi" ? ", or tasks.address of a server that is there already" : "";
    findings.error(path, `has nothing to run; add command: [program, …]${server}`, "key");
  }
}

function checkFailures(values: ConsumerValues, path: Path, findings: Findings): void {
  const at = (name: keyof ConsumerValues): Path => [...path, name];
  const sound = (...names: (keyof ConsumerValues)[]): boolean => !names.some((name) => findings.failed(at(name)));
  const firstGiven = (...names: (keyof ConsumerValues)[]): Path =>
    at(names.find((name) => findings.given(at(name))) ?? names[0]!);
  const shown = (name: keyof ConsumerValues, ms: number): string => findings.show(at(name), formatDuration(ms));

  const {
    backoff_base: base,
    backoff_max: max,
    failure_window: window,
    failure_limit: limit,
    min_uptime: minUptime,
  } = values;
  if (sound("backoff_base", "backoff_max") && base > max) {
    const where = firstGiven("backoff_base", "backoff_max");
    findings.error(
      where,
      `backoff_base ${shown("backoff_base", base)} is longer than backoff_max ${shown("backoff_max", max)}; lower backoff_base or raise backoff_max`,
    );
  } else if (sound("backoff_base", "backoff_max", "failure_window", "failure_limit") && limit < neverGivesUp) {
    const delays = sumOfBackoffs(base, max, limit);
    if (window <= delays) {
      const where = firstGiven("failure_window", "failure_limit", "backoff_base", "backoff_max");
      const hidden = [where, at("failure_limit"), at("backoff_base"), at("backoff_max")].some((each) =>
        findings.hidden(each),
      );
      const sum = hidden ? "" : ` ${formatDuration(delays)}`;
      const toDo = hidden ? "a longer failure_window" : `failure_window longer than ${formatDuration(delays)}`;
      findings.error(
        where,
        `failure_limit can never be reached: the delays before its last failure sum to${sum || " more than the window"}, and failure_window is ${shown("failure_window", window)}; set ${toDo}, or a lower failure_limit`,
      );
    }
  }
  if (sound("min_uptime", "failure_window") && minUptime >= window) {
    const where = firstGiven("min_uptime", "failure_window");
    findings.error(
      where,
      `min_uptime ${shown("min_uptime", minUptime)} is not shorter than failure_window ${shown("failure_window", window)}, so no early exit could ever be counted; lower min_uptime`,
    );
  }
}

/** Milliseconds of the first `count` delays: doubling from `base` until `max`, then constant. */
export function sumOfBackoffs(base: number, max: number, count: number): number {
  let sum = 0;
  let delay = base;
  for (let index = 0; index < count; index++) {
    if (delay >= max) return sum + (count - index) * max;
    sum += delay;
    delay *= 2;
  }
  return sum;
}

function checkExitCodes(values: ConsumerValues, path: Path, findings: Findings): void {
  const { success, never_restart: never } = values.exit_codes;
  const listPath = [...path, "exit_codes", "never_restart"];
  if (findings.failed(listPath) || findings.failed([...path, "exit_codes", "success"])) return;
  never.forEach((code, index) => {
    const shown = findings.show([...listPath, index], code);
    if (code === 0) findings.error([...listPath, index], "0 is always a success; remove it");
    else if (success.includes(code))
      findings.error([...listPath, index], `${shown} is also in exit_codes.success; keep it in one of the two`);
  });
}

import { readFileSync } from "node:fs";
import { formatIssue } from "../../config/issue.ts";
import { loadConfig } from "../../config/load.ts";
import type { FarmSpec } from "../../core/farm/spec.ts";
import { queueStrategyOf } from "../../core/scaling/sources.ts";
import { simulate, type PoolOutcome } from "../../core/simulation/closed-loop.ts";
import { evaluate } from "../../core/simulation/open-loop.ts";
import { rulesToCompare } from "../../core/simulation/peers.ts";
import { report } from "../../core/simulation/report.ts";
import { readTrace } from "../../core/simulation/trace.ts";
import { drawWork, expectedMessages } from "../../core/simulation/work.ts";
import { configFile, noConfigFile } from "../config-file.ts";
import { readModel, type ModelWords } from "../load-model.ts";
import { exitCodes, outcome, type Outcome } from "../outcome.ts";

/** As they were typed; null where they were not. */
export interface SimulateArgs extends ModelWords {
  readonly file: string | null;
  readonly trace: string | null;
  readonly json: boolean;
  readonly cwd?: string;
}

/**
 * `pm simulate`: the autoscaler in virtual time, over a trace or in a queueing model. 2 for words that mean nothing, 78 for an invalid
 * pm.yaml, 1 for an invalid trace; then nothing is printed on stdout.
 */
export function runSimulate(args: SimulateArgs): Promise<Outcome> {
  return Promise.resolve(run(args));
}

const usage = (text: string): Outcome => outcome(exitCodes.usage, [], [`pm simulate: ${text}`]);

function run(args: SimulateArgs): Outcome {
  const { trace, arrivals } = args;
  if (trace !== null && arrivals !== null) return usage("--trace and --arrivals exclude each other; give one of them");
  if (trace === null && arrivals === null)
    return usage("give --trace FILE, or --arrivals such as 4/s with --service-time such as exp:0.5s");
  if (trace !== null) {
    const given = modelFlags.find(([key]) => args[key] !== null);
    if (given !== undefined) return usage(`${given[1]} belongs to --arrivals; a trace says it all`);
  }
  const file = configFile(args.file, args.cwd ?? process.cwd());
  if (file === null) return outcome(exitCodes.configInvalid, [], [noConfigFile]);
  const loaded = loadConfig(file, { cwd: args.cwd ?? process.cwd() });
  if (!loaded.ok) return outcome(exitCodes.configInvalid, [], loaded.issues.map(formatIssue));
  return trace === null ? closedLoop(file, loaded.spec, args) : openLoop(loaded.spec, trace, args.json);
}

const modelFlags = [
  ["serviceTime", "--service-time"],
  ["duration", "--duration"],
  ["seed", "--seed"],
  ["startTime", "--start-time"],
  ["objective", "--objective"],
] as const;

/** More would not fit into memory as text. */
const mostLines = 2_000_000;

function openLoop(spec: FarmSpec, file: string, json: boolean): Outcome {
  const name = file === "-" ? "stdin" : file;
  const text = contentOf(file);
  if (text === null)
    return outcome(
      exitCodes.failed,
      [],
      [`pm simulate: ${name} cannot be read; name a file of samples, or - for stdin`],
    );
  const names = spec.consumers.map((consumer) => consumer.name);
  const trace = readTrace(text, names);
  if (!trace.ok)
    return outcome(
      exitCodes.failed,
      [],
      trace.problems.map(({ line, message }) => `${name}:${line}: ${message}`),
    );
  const lastMs = (trace.samples.at(-1)?.t ?? 0) * 1000;
  if ((lastMs / spec.autoscalerIntervalMs) * names.length > mostLines)
    return outcome(
      exitCodes.failed,
      [],
      [
        `${name}: t ends at ${lastMs / 1000}, too far from 0 to evaluate; count the seconds from the beginning of the trace`,
      ],
    );
  const evaluations = [...evaluate(spec.consumers, spec.totalCap, spec.autoscalerIntervalMs, trace.samples)];
  return outcome(
    exitCodes.done,
    json ? [JSON.stringify(evaluations)] : evaluations.map((each) => JSON.stringify(each)),
  );
}

function contentOf(file: string): string | null {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch {
    return null;
  }
}

/** A heavier load takes minutes and gigabytes. */
const mostMessages = 5_000_000;
const points = 72;

function closedLoop(file: string, spec: FarmSpec, args: SimulateArgs): Outcome {
  const scaled = spec.consumers.flatMap(({ name, size }) => (size.kind === "autoscaled" ? [{ name, ...size }] : []));
  if (scaled.length === 0)
    return outcome(
      exitCodes.failed,
      [],
      [`${file}: no consumer has an autoscaler, so there is nothing to simulate; add consumers.X.autoscaler`],
    );
  const wanted = scaled
    .map(({ scaling }) => queueStrategyOf(scaling.strategy)?.maxWaitMs ?? null)
    .find((each) => each !== null);
  const words = readModel(args, wanted ?? 30_000);
  if (!words.ok) return usage(words.problem);
  const { workload, seconds, seed, startSeconds, objectiveSeconds } = words.value;
  if (expectedMessages(workload, seconds) * scaled.length > mostMessages)
    return usage(`this is more than ${mostMessages} messages; take a shorter --duration or a lower rate`);
  const pools = scaled.map(({ name, min, scaling }, stream) => ({
    rules: { consumer: name, workers: min, startSeconds, warmUpSeconds: scaling.damping.warmUpMs / 1000 },
    work: drawWork(workload, seconds, seed, stream),
  }));
  const rules = rulesToCompare({
    consumers: spec.consumers,
    totalCap: spec.totalCap,
    intervalMs: spec.autoscalerIntervalMs,
    objectiveSeconds,
    meanServiceSeconds: workload.serviceTime.meanSeconds,
  });
  const outcomes: PoolOutcome[] = rules.flatMap((rule) => simulate({ pools, seconds, objectiveSeconds, points }, rule));
  const told = { seed, seconds, startSeconds, objectiveSeconds, outcomes };
  return outcome(exitCodes.done, args.json ? [JSON.stringify(told)] : report(outcomes, objectiveSeconds));
}

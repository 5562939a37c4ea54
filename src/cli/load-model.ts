import { parseDuration } from "../config/duration.ts";
import { isScenarioName, scenarios } from "../core/simulation/scenarios.ts";
import type { Workload } from "../core/simulation/work.ts";
import { readArrivals, readServiceTime, type Words } from "./load-words.ts";

/** What is typed about a model; null where nothing was. */
export interface ModelWords {
  readonly arrivals: string | null;
  readonly serviceTime: string | null;
  readonly duration: string | null;
  readonly seed: string | null;
  readonly startTime: string | null;
  readonly objective: string | null;
}

/** A load and what it meets. */
export interface Model {
  readonly workload: Workload;
  readonly seconds: number;
  readonly seed: number;
  readonly startSeconds: number;
  readonly objectiveSeconds: number;
}

/** A scenario's name stands for its rates and, unless others are given, its service times and duration. */
export function readModel(args: ModelWords, objectiveMs: number): Words<Model> {
  const text = args.arrivals ?? "";
  const scenario = isScenarioName(text) ? scenarios[text] : null;
  const arrivals: Words<Workload["arrivals"]> =
    scenario === null ? readArrivals(text) : { ok: true, value: scenario.arrivals };
  if (!arrivals.ok) {
    const isWord = /^[a-z]+$/u.test(text);
    return isWord
      ? {
          ok: false,
          problem: `--arrivals ${text}: there are the scenarios ${Object.keys(scenarios).join(", ")}, and rates such as 4/s`,
        }
      : arrivals;
  }
  if (scenario === null && args.serviceTime === null)
    return { ok: false, problem: "--arrivals needs --service-time, such as exp:0.5s, const:1s or lognormal:0.5s,1.2" };
  const serviceTime: Words<Workload["serviceTime"]> =
    args.serviceTime === null && scenario !== null
      ? { ok: true, value: scenario.serviceTime }
      : readServiceTime(args.serviceTime ?? "");
  if (!serviceTime.ok) return serviceTime;
  const seed = Number(args.seed ?? 1);
  if (!Number.isSafeInteger(seed) || seed < 0)
    return { ok: false, problem: `--seed ${args.seed}: write a whole number, 0 or more` };
  const times: number[] = [];
  for (const [flag, given, usualMs, leastMs] of [
    ["--duration", args.duration, (scenario?.seconds ?? 3600) * 1000, 1000],
    ["--start-time", args.startTime, 2000, 0],
    ["--objective", args.objective, objectiveMs, 1],
  ] as const) {
    const found = given === null ? { ok: true as const, value: usualMs } : parseDuration(given);
    if (!found.ok) return { ok: false, problem: `${flag} ${given}: ${found.problem}` };
    if (found.value < leastMs)
      return { ok: false, problem: `${flag} ${given}: too short; write ${leastMs / 1000}s or more` };
    times.push(found.value / 1000);
  }
  const [seconds = 0, startSeconds = 0, objectiveSeconds = 0] = times;
  const workload = {
    arrivals: arrivals.value,
    serviceTime: serviceTime.value,
    failureShare: scenario?.failureShare ?? 0,
  };
  return { ok: true, value: { workload, seconds, seed, startSeconds, objectiveSeconds } };
}

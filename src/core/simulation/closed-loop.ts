import { Pool, type PoolRules } from "./pool.ts";
import type { NamedRule } from "./rule.ts";
import { waitsOf, type Waits } from "./waits.ts";
import type { Work } from "./work.ts";

/** What a simulation needs beside its rule. */
export interface Run {
  readonly pools: readonly { readonly rules: PoolRules; readonly work: Work }[];
  readonly seconds: number;
  /** What a message may wait. */
  readonly objectiveSeconds: number;
  /** Points of the series over `seconds`. */
  readonly points: number;
}

/** What became of one pool under a rule. */
export interface PoolOutcome {
  readonly consumer: string;
  readonly rule: string;
  readonly waits: Waits;
  /** Of all processes, idle ones too, until the end and as long as messages are left after it. */
  readonly workerSeconds: number;
  readonly scaleUps: number;
  readonly scaleDowns: number;
  /** Most processes at once, draining ones too. */
  readonly peakWorkers: number;
  /** Messages that were left when as much time again had passed. */
  readonly unfinished: number;
  readonly series: Series;
}

/** Over equal stretches of time. */
export interface Series {
  readonly stretchSeconds: number;
  /** Messages a second, */
  readonly arrivals: readonly number[];
  /** the longest line, */
  readonly queue: readonly number[];
  /** and mean processes. */
  readonly workers: readonly number[];
}

/**
 * Lets all pools work under a rule, in virtual time, until all messages are done: after `seconds` no more come, and after twice as
 * long it ends anyway.
 */
export function simulate(
  { pools, seconds, objectiveSeconds, points }: Run,
  { name, intervalMs, rule }: NamedRule,
): PoolOutcome[] {
  const models = pools.map(({ rules, work }) => new Pool(rules, work));
  const series = pools.map(() => ({
    arrivals: new Array<number>(),
    queue: new Array<number>(),
    workers: new Array<number>(),
  }));
  const stretchSeconds = seconds / points;
  let workerSecondsAtEnd: readonly number[] = [];
  let decide = rule;
  let sampled = 0;
  for (let tick = 1; ; tick++) {
    const now = (tick * intervalMs) / 1000;
    for (; sampled < points && (sampled + 1) * stretchSeconds <= now; sampled++) {
      for (const model of models) model.runUntil((sampled + 1) * stretchSeconds);
      models.forEach((model, index) => keep(series[index], model.sample()));
      if (sampled === points - 1) workerSecondsAtEnd = models.map(({ workerSeconds }) => workerSeconds.now);
    }
    for (const model of models) model.runUntil(now);
    if (sampled === points && (models.every(({ isDone }) => isDone) || now >= 2 * seconds)) break;
    const { targets, next } = decide(
      models.map((model) => model.measure()),
      tick * intervalMs,
    );
    decide = next;
    models.forEach((model, index) => model.scaleTo(targets[index] ?? model.current));
  }
  return models.map((model, index) => {
    const { waits, ups, downs, peak } = model.totals;
    return {
      consumer: pools[index]?.rules.consumer ?? "",
      rule: name,
      waits: waitsOf(waits, objectiveSeconds),
      workerSeconds: Math.max(workerSecondsAtEnd[index] ?? 0, model.workerSeconds.untilLastDone),
      scaleUps: ups,
      scaleDowns: downs,
      peakWorkers: peak,
      unfinished: model.unfinished,
      series: { stretchSeconds, ...(series[index] ?? { arrivals: [], queue: [], workers: [] }) },
    };
  });
}

interface OpenSeries {
  readonly arrivals: number[];
  readonly queue: number[];
  readonly workers: number[];
}

function keep(series: OpenSeries | undefined, sample: ReturnType<Pool["sample"]>): void {
  series?.arrivals.push(sample.arrivals);
  series?.queue.push(sample.queue);
  series?.workers.push(sample.workers);
}

import { chart, plainNumber } from "./chart.ts";
import type { PoolOutcome } from "./closed-loop.ts";
import { meetsObjective } from "./waits.ts";

/** What a closed loop tells people: for each consumer the rules side by side, then load, queue and workers over time of the first rule. */
export function report(outcomes: readonly PoolOutcome[], objectiveSeconds: number): string[] {
  const consumers = [...new Set(outcomes.map(({ consumer }) => consumer))];
  return consumers.flatMap((consumer) => {
    const own = outcomes.filter((outcome) => outcome.consumer === consumer);
    return [[`${consumer}: objective ${plainNumber(objectiveSeconds)} s`, ""], table(own), [""], charts(own)].flat();
  });
}

const headings = ["rule", "met", "within", "mean", "p95", "p99", "max", "worker-s", "up", "down", "peak"];

function table(outcomes: readonly PoolOutcome[]): string[] {
  const rows = outcomes.map(({ rule, waits, workerSeconds, scaleUps, scaleDowns, peakWorkers, unfinished }) => [
    unfinished > 0 ? `${rule} (${unfinished} messages left)` : rule,
    unfinished === 0 && meetsObjective(waits) ? "yes" : "no",
    `${(100 * waits.withinObjective).toFixed(1)}%`,
    ...[waits.mean, waits.p95, waits.p99, waits.max].map((wait) => `${plainNumber(wait)}s`),
    Math.round(workerSeconds).toString(),
    ...[scaleUps, scaleDowns, peakWorkers].map(String),
  ]);
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  return [headings, ...rows].map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  "),
  );
}

function charts(outcomes: readonly PoolOutcome[]): string[] {
  const [first] = outcomes;
  if (first === undefined) return [];
  const { arrivals, queue, workers, stretchSeconds } = first.series;
  const span = plainNumber((stretchSeconds * workers.length) / 60);
  return [
    ...chart("load, messages a second", arrivals, 4),
    ...chart(`queue, ${first.rule}`, queue, 4),
    ...outcomes.flatMap((outcome, index) =>
      chart(`workers, ${outcome.rule}`, outcome.series.workers, index === 0 ? 4 : 2),
    ),
    `  0 to ${span} minutes`,
  ];
}

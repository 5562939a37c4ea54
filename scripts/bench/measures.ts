import type { Measure } from "./measure.ts";
import { coldStart } from "./measures/cold-start.ts";
import { commands } from "./measures/commands.ts";
import { crashLoop } from "./measures/crash-loop.ts";
import { eventLoopHold } from "./measures/event-loop-hold.ts";
import { fleet } from "./measures/fleet.ts";
import { lineLatency } from "./measures/line-latency.ts";
import { logLines } from "./measures/log-lines.ts";
import { metricsPage, metricsPageLines } from "./measures/metrics-page.ts";
import { restart } from "./measures/restart.ts";
import { lawSizes, scalingLaw } from "./measures/scaling-law.ts";
import { stall } from "./measures/stall.ts";

/** All measures, in the order they are taken. */
export const measures: readonly Measure[] = [
  crashLoop,
  restart(50),
  restart(1000),
  fleet(0),
  fleet(500),
  fleet(1000),
  eventLoopHold(500),
  eventLoopHold(1000),
  logLines(1, "json"),
  logLines(4, "json"),
  logLines(16, "json"),
  logLines(1, "plain"),
  logLines(4, "plain"),
  logLines(16, "plain"),
  lineLatency,
  stall,
  coldStart(false),
  coldStart(true),
  commands,
  metricsPage,
  metricsPageLines,
  ...lawSizes.map(scalingLaw),
];

/** Those whose names begin with one of the words; all when there is none. A text names a word that means none. */
export function chooseMeasures(words: readonly string[]): readonly Measure[] | string {
  const unknown = words.find((word) => !measures.some(({ name }) => name.startsWith(word)));
  if (unknown !== undefined) return `no measure's name begins with "${unknown}"; --list names them`;
  return words.length === 0 ? measures : measures.filter(({ name }) => words.some((word) => name.startsWith(word)));
}

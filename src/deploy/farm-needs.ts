import { graceSecondsFor, longestStopMs } from "../core/farm/stop-budget.ts";
import type { ConsumerSpec, FarmSpec } from "../core/farm/spec.ts";
import { openFilesNeeded } from "../runtime/open-files.ts";

/** What a farm needs of the platform it runs on. */
export interface FarmNeeds {
  /** Most workers at a time; null when only the program of `source` knows. */
  readonly mostWorkers: number | null;
  readonly leastWorkers: number;
  /** From the stop signal to SIGKILL, in whole seconds; null when a worker may take for ever. */
  readonly graceSeconds: number | null;
  /** Open files of pm at the most; null when only the program of `source` knows. */
  readonly openFiles: number | null;
  /** Programs that consumers run, without repeats, in the order of the file. */
  readonly programs: readonly string[];
  /** Names of consumers that change their user or group, for which pm must be root. */
  readonly changingUser: readonly string[];
}

export function needsOf(spec: FarmSpec): FarmNeeds {
  const { consumers, source, totalCap, shutdownTimeoutMs } = spec;
  const { workers, files } = openFilesNeeded(consumers, totalCap);
  // What the program of `source` will name may take as long as is usual in this farm.
  const usual = source === null && consumers.length > 0 ? [] : [shutdownTimeoutMs];
  const longestMs = longestStopMs([...consumers.map(({ stopTimeoutMs }) => stopTimeoutMs), ...usual]);
  return {
    mostWorkers: source === null ? workers : totalCap,
    leastWorkers: consumers.reduce((total, consumer) => total + least(consumer), 0),
    graceSeconds: longestMs === null ? null : Math.max(1, graceSecondsFor(longestMs)),
    openFiles: source === null ? files : null,
    programs: [...new Set(consumers.flatMap(({ command }) => command.slice(0, 1)))],
    changingUser: consumers.filter(({ uid, gid }) => uid !== null || gid !== null).map(({ name }) => name),
  };
}

/** Most workers of a consumer. */
export function most({ size }: ConsumerSpec): number {
  return size.kind === "static" ? size.processes : size.max;
}

function least({ size }: ConsumerSpec): number {
  return size.kind === "static" ? size.processes : size.min;
}

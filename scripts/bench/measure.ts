import type { Manager } from "./managers.ts";
import { Run, type Place, type RunOptions } from "./run.ts";
import type { Figures } from "./statistics.ts";
import type { Column } from "./table.ts";

/** How much of everything: 1, or more with `--long`. */
export interface Lengths {
  readonly factor: number;
}

/** One subject, one table. */
export interface Measure {
  readonly name: string;
  readonly title: string;
  readonly columns: readonly Column[];
  /** Whether it says something about this manager. */
  takes(manager: Manager): boolean;
  /** One run. Throws an Error, whose message is shown, when the manager does not do what is measured. */
  run(place: Place, manager: Manager, lengths: Lengths): Promise<Figures>;
}

/** Runs a manager, gives it to `look`, and clears away what is left, whatever happens. */
export async function withRun(
  place: Place,
  manager: Manager,
  options: RunOptions,
  look: (run: Run) => Figures | Promise<Figures>,
): Promise<Figures> {
  const run = new Run(place, manager, options);
  try {
    return await look(run);
  } finally {
    run.close();
  }
}

/** The records of a run that listens to its workers. */
export function recordsOf(run: Run): NonNullable<Run["records"]> {
  if (run.records === null) throw new Error("this run writes its records into a file");
  return run.records;
}

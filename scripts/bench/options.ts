import { parseArgs } from "node:util";

/** What a person asks of the bench. */
export interface Options {
  /** Beginnings of measures' names; none: all. */
  readonly measures: readonly string[];
  /** Names of managers; none: all that are found. */
  readonly managers: readonly string[];
  readonly repetitions: number;
  /** Runs as long as a quiet machine deserves, instead of a few minutes in all. */
  readonly long: boolean;
  /** Where all figures go as JSON. */
  readonly json: string | null;
  /** Where the plots of the scaling laws go, as SVG. */
  readonly plots: string | null;
  /** An earlier run's JSON, whose tables are printed instead of measuring. */
  readonly show: string | null;
  /** The same, but only the two tables the README holds. */
  readonly overview: string | null;
  readonly list: boolean;
}

export const usage = `bun scripts/bench/all.ts [MEASURE ...] [options]

  MEASURE            only measures whose names begin so; --list names them
  --managers A,B     only these
  --repetitions N    runs of each manager and measure (default 3; 7 with --long)
  --long             longer runs, more samples
  --json FILE        writes all figures
  --plots FOLDER     writes the plots of the scaling laws as SVG
  --show FILE        prints the tables of such a JSON file again, and measures nothing
  --overview FILE    prints of them what the README holds: all in one table, and the scaling laws
  --list             names measures and managers, and what was not found`;

/** The options in the words of a command line, or one line that says what is wrong with them. */
export function readOptions(words: readonly string[]): Options | string {
  const parsed = parse(words);
  if (typeof parsed === "string") return parsed;
  const { values, positionals } = parsed;
  const repetitions = Number(values.repetitions ?? (values.long ? 7 : 3));
  if (!Number.isSafeInteger(repetitions) || repetitions < 1)
    return `--repetitions: expected a whole number from 1, found "${values.repetitions ?? ""}"`;
  return {
    measures: positionals,
    managers: (values.managers ?? "").split(",").filter((name) => name !== ""),
    repetitions,
    long: values.long,
    json: values.json ?? null,
    plots: values.plots ?? null,
    show: values.show ?? null,
    overview: values.overview ?? null,
    list: values.list,
  };
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        managers: { type: "string" },
        repetitions: { type: "string" },
        long: { type: "boolean", default: false },
        json: { type: "string" },
        plots: { type: "string" },
        show: { type: "string" },
        overview: { type: "string" },
        list: { type: "boolean", default: false },
      },
    });
  } catch (problem) {
    return problem instanceof Error ? problem.message : String(problem);
  }
}

import * as v from "valibot";
import type { Finding } from "./table.ts";

const outcome = v.union([v.object({ figures: v.record(v.string(), v.number()) }), v.object({ failure: v.string() })]);
const column = v.object({
  key: v.string(),
  label: v.string(),
  digits: v.exactOptional(v.number()),
  compare: v.exactOptional(v.boolean()),
});
const report = v.object({
  pm: v.string(),
  machine: v.string(),
  repetitions: v.number(),
  long: v.boolean(),
  managers: v.array(v.object({ name: v.string(), note: v.string(), found: v.boolean() })),
  findings: v.array(
    v.object({
      measure: v.string(),
      title: v.string(),
      columns: v.array(column),
      rows: v.array(v.object({ manager: v.string(), outcomes: v.array(outcome) })),
    }),
  ),
});

/** All that a run of the bench found: what `--json` writes and `--show` reads. */
export interface Report {
  readonly pm: string;
  /** Processors, memory and kernel. */
  readonly machine: string;
  readonly repetitions: number;
  readonly long: boolean;
  readonly managers: readonly { readonly name: string; readonly note: string; readonly found: boolean }[];
  readonly findings: readonly Finding[];
}

/** The report in a file's text; a text that says what is wrong where it is none. */
export function readReport(text: string): Report | string {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), report), text);
  return parsed.success ? parsed.output : `not a report of the bench: ${parsed.issues[0].message}`;
}

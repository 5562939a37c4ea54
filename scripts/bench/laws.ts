import { lawSizes, scalingLaw } from "./measures/scaling-law.ts";
import type { Plot } from "./plot.ts";
import { markdownTable, shownNumber, summarise, type Finding } from "./table.ts";

const lawName = (size: number): string => scalingLaw(size).name;
const laws = scalingLaw(1).columns;

/** The findings that are no part of a law, each with a table of its own. */
export function withoutLaws(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(({ measure }) => !lawSizes.some((size) => lawName(size) === measure));
}

/** For each cost a plot over the number of workers, a curve for each manager; none where nothing was measured. */
export function lawPlots(findings: readonly Finding[]): readonly { readonly name: string; readonly plot: Plot }[] {
  const bySize = sizesOf(findings);
  const managers = [...new Set(bySize.flatMap(({ rows }) => rows.map(({ manager }) => manager)))];
  return laws.flatMap(({ key, label }) => {
    const curves = managers.map((name) => ({
      name,
      points: bySize.flatMap(({ size, rows }) => {
        const row = rows.find(({ manager }) => manager === name);
        const y = row === undefined ? undefined : summarise(row).medians[key];
        return y === undefined ? [] : [{ x: size, y }];
      }),
    }));
    const drawn = curves.filter(({ points }) => points.length > 0);
    const plot = { title: "From one worker to many", xLabel: "workers", yLabel: label, curves: drawn };
    return drawn.length === 0 ? [] : [{ name: key, plot }];
  });
}

/** The laws of one manager as a table, a row for each number of workers. */
export function lawTable(findings: readonly Finding[], manager: string): string {
  const rows = sizesOf(findings).map(({ size, rows: found }) => {
    const row = found.find((each) => each.manager === manager);
    const { medians, failed } = row === undefined ? { medians: {}, failed: null } : summarise(row);
    const costs = laws.map(({ key, digits }) => shownNumber(medians[key], digits));
    return [shownNumber(size)].concat(costs, failed ?? "");
  });
  return markdownTable(["workers", ...laws.map(({ label }) => label), "failures"], rows);
}

function sizesOf(findings: readonly Finding[]): readonly { readonly size: number; readonly rows: Finding["rows"] }[] {
  return lawSizes.flatMap((size) =>
    findings.filter(({ measure }) => measure === lawName(size)).map(({ rows }) => ({ size, rows })),
  );
}

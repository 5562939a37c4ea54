import { mediansOf, type Figures } from "./statistics.ts";

/** A figure of a measure, as a column of its table. */
export interface Column {
  readonly key: string;
  readonly label: string;
  /** Digits after the point; 0 when left out. */
  readonly digits?: number;
  /** Whether it is set in a ratio to the reference, and shown for it in the summary. */
  readonly compare?: boolean;
}

/** What one run of one manager came to: its figures, or why there are none. */
export type Outcome = { readonly figures: Figures } | { readonly failure: string };

export interface Row {
  readonly manager: string;
  readonly outcomes: readonly Outcome[];
}

/** A measure's name and columns, and what was found. */
export interface Finding {
  readonly measure: string;
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

/** A Markdown table. Bars in cells are escaped. */
export function markdownTable(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  return [heads, heads.map(() => "---"), ...rows].map(tableLine).join("\n");
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", String.raw`\|`)).join(" | ")} |`;
}

/** Thousands set apart by commas; nothing where nothing was measured. */
export function shownNumber(value: number | undefined, digits = 0): string {
  if (value === undefined || Number.isNaN(value)) return "";
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** `1.42×`; nothing where one of both is missing or the reference is zero. */
export function shownRatio(value: number | undefined, reference: number | undefined): string {
  if (value === undefined || reference === undefined || reference === 0) return "";
  const ratio = value / reference;
  return Number.isFinite(ratio) ? `${shownNumber(ratio, ratio < 10 ? 2 : 0)}×` : "";
}

/** The medians of a manager's good runs, and how its other runs failed, as `2 of 3 failed: …`; null when none did. */
export function summarise(row: Row): { readonly medians: Figures; readonly failed: string | null } {
  const good = row.outcomes.flatMap((outcome) => ("figures" in outcome ? [outcome.figures] : []));
  const failures = row.outcomes.flatMap((outcome) => ("failure" in outcome ? [outcome.failure] : []));
  const [first] = failures;
  const failed = first === undefined ? null : `${failures.length} of ${row.outcomes.length} failed: ${first}`;
  return { medians: mediansOf(good), failed };
}

/** Medians of every manager, compared figures with their ratio to the manager `reference`. */
export function findingTable({ columns, rows }: Finding, reference: string): string {
  const found = rows.map((row) => ({ manager: row.manager, ...summarise(row) }));
  const base = found.find(({ manager }) => manager === reference)?.medians ?? {};
  const anyFailed = found.some(({ failed }) => failed !== null);
  const shownFigure = ({ key, digits, compare }: Column, { manager, medians }: (typeof found)[number]): string => {
    const ratio = compare === true && manager !== reference ? shownRatio(medians[key], base[key]) : "";
    return shownNumber(medians[key], digits) + (ratio === "" ? "" : ` (${ratio})`);
  };
  const cells = found.map((each) =>
    [each.manager].concat(
      columns.map((column) => shownFigure(column, each)),
      anyFailed ? (each.failed ?? "") : [],
    ),
  );
  return markdownTable(["", ...columns.map(({ label }) => label), ...(anyFailed ? ["failures"] : [])], cells);
}

/** One table of all: for each compared figure `subject` beside the reference and the other managers. */
export function summaryTable(findings: readonly Finding[], subject: string, reference: string): string {
  const others = [...new Set(findings.flatMap(({ rows }) => rows.map(({ manager }) => manager)))].filter(
    (manager) => manager !== subject && manager !== reference,
  );
  const lines = findings.flatMap((finding) => {
    const found = new Map(finding.rows.map((row) => [row.manager, summarise(row)]));
    return finding.columns.flatMap(({ key, label, digits, compare }) => {
      const cell = (manager: string): string => {
        const { medians, failed } = found.get(manager) ?? { medians: {}, failed: null };
        return shownNumber(medians[key], digits) || (failed === null ? "" : "failed");
      };
      if (compare !== true) return [];
      const ratio = shownRatio(found.get(subject)?.medians[key], found.get(reference)?.medians[key]);
      return [[`${finding.title}: ${label}`, cell(subject), cell(reference), ratio, ...others.map(cell)]];
    });
  });
  return markdownTable(["", subject, reference, "ratio", ...others], lines);
}

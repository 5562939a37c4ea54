import { type Row, titles } from "./rows.ts";

/** Given up first when the table is too wide. */
const givenUp: readonly string[] = ["ID", "CPU", "RSS", "UPTIME"];
const leftAligned = new Set<string>(["NAME", "STATE"]);
const gap = "  ";

/** Escape sequences of the states; no colour for those that are as they should be and those not listed. */
const colours: Readonly<Record<string, number>> = {
  running: 32,
  ready: 32,
  starting: 33,
  backoff: 33,
  draining: 33,
  paused: 33,
  degraded: 31,
  parked: 31,
  stopped: 90,
  finished: 90,
};

/** How wide the table may be, null for as wide as it likes; and whether it may be coloured. */
export interface View {
  readonly columns: number | null;
  readonly colour: boolean;
}

/** Aligned lines under a line of titles. Notes stand behind the cells where they fit, else on lines of their own. */
export function tableLines(rows: readonly Row[], { columns, colour }: View): readonly string[] {
  const widths = titles.map((title, at) =>
    Math.max(title.length, ...rows.map(({ cells }) => Bun.stringWidth(cells[at] ?? ""))),
  );
  const shown = new Set<string>(titles);
  const width = (): number =>
    titles.reduce((total, title, at) => total + (shown.has(title) ? (widths[at] ?? 0) + gap.length : 0), -gap.length);
  for (const title of givenUp) if (columns !== null && width() > columns) shown.delete(title);

  const line = (cells: readonly string[], paint: (title: string, text: string) => string): string =>
    titles
      .flatMap((title, at) =>
        shown.has(title) ? [paint(title, pad(cells[at] ?? "", widths[at] ?? 0, leftAligned.has(title)))] : [],
      )
      .join(gap);
  const lines = [line(titles, (_, text) => (colour ? `\u001B[1m${text}\u001B[0m` : text)).trimEnd()];
  for (const { cells, state, notes } of rows) {
    const code = colour ? colours[state] : undefined;
    const plain = line(cells, (title, text) =>
      title === "STATE" && code !== undefined ? `\u001B[${code}m${text}\u001B[0m` : text,
    );
    const note = notes.join("; ");
    const fits = columns === null || width() + gap.length + Bun.stringWidth(note) <= columns;
    if (cells.length === 0) lines.push(`  ${note}`);
    else if (note === "") lines.push(plain.trimEnd());
    else if (fits) lines.push(`${plain}${gap}${note}`);
    else lines.push(plain.trimEnd(), ...wrapped(note, columns));
  }
  return lines;
}

function pad(text: string, width: number, left: boolean): string {
  const blanks = " ".repeat(Math.max(0, width - Bun.stringWidth(text)));
  return left ? text + blanks : blanks + text;
}

const indent = "      ";

/** By words, indented; a word longer than the line keeps its length. */
export function wrapped(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(" ")) {
    const longer = line === indent ? indent + word : `${line} ${word}`;
    if (Bun.stringWidth(longer) > columns && line !== indent) {
      lines.push(line);
      line = indent + word;
    } else line = longer;
  }
  return [...lines, line];
}

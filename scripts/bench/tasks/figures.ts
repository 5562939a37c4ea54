/** What a table says of many measurements. */
export interface Figures {
  readonly mean: number;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly deviation: number;
}

export function figuresOf(values: readonly number[]): Figures {
  const sorted = values.toSorted((a, b) => a - b);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return {
    mean,
    median: sorted[Math.floor(sorted.length / 2)] ?? NaN,
    min: sorted[0] ?? NaN,
    max: sorted.at(-1) ?? NaN,
    deviation: Math.sqrt(variance),
  };
}

export function row(cells: readonly (string | number)[]): string {
  return `| ${cells.join(" | ")} |`;
}

export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): readonly string[] {
  return [row(head), row(head.map((_, at) => (at === 0 ? "---" : "--:"))), ...rows.map(row)];
}

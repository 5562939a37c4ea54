const eighths = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;

/** Rows of a chart of plain text: a heading with the largest value, then columns of `height` rows, then the time axis. */
export function chart(title: string, values: readonly number[], height: number): string[] {
  const top = Math.max(...values, 0);
  const rows = Array.from({ length: height }, (_, row) => {
    const below = height - 1 - row;
    const cells = values.map((value) => {
      const filled = top === 0 ? 0 : Math.round((value / top) * height * 8) - below * 8;
      return eighths[Math.max(0, Math.min(8, filled))] ?? " ";
    });
    return `  ${cells.join("")}`.trimEnd();
  });
  return [`${title} (up to ${plainNumber(top)})`, ...rows, `  ${"─".repeat(values.length)}`];
}

/** A number for people: three digits are enough. */
export function plainNumber(value: number): string {
  if (value === 0) return "0";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return String(Number(value.toFixed(Math.min(digits, 3))));
}

/**
 * What turns the screen `before` into `after`: only the lines that differ. `before` null: all of them, whatever is on the screen now. Empty when nothing
 * differs. The terminal is asked to show the change at once, and does not wrap lines (see `terminal.ts`).
 */
export function frame(before: readonly string[] | null, after: readonly string[], columns: number): string {
  const changes = after
    .map((line, row) => (before !== null && before[row] === line ? "" : `\u001B[${row + 1};1H${drawn(line, columns)}`))
    .join("");
  const cleared = before === null ? `\u001B[2J${changes}` : changes;
  return cleared === "" ? "" : `\u001B[?2026h${cleared}\u001B[?2026l`;
}

/** What a shorter line leaves is erased; after a full one the cursor still stands on its last character. */
function drawn(line: string, columns: number): string {
  return Bun.stringWidth(line) < columns ? `${line}\u001B[K` : line;
}

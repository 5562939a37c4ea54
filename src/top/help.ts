/** What the keys do. */
const keys: readonly (readonly [key: string, does: string])[] = [
  ["↑ ↓ j k", "select"],
  ["Enter →", "show workers"],
  ["←", "hide workers"],
  ["Tab", "log, events, nothing"],
  ["/", "filter consumers"],
  ["Esc", "show all"],
  ["r", "restart"],
  ["R", "rolling restart"],
  ["s", "stop"],
  ["S", "start"],
  ["p", "pause or resume"],
  ["+ -", "one worker more, fewer"],
  ["=", "set the size"],
  ["a", "size by autoscaler or file"],
  ["^L", "redraw"],
  ["^Z", "suspend"],
  ["q", "quit"],
];

/** The help in as many columns as have room. */
export function helpLines(columns: number): readonly string[] {
  const cells = keys.map(([key, does]) => `${key} ${does}`);
  if (columns >= 60) return [" KEYS", "", ...keys.map(([key, does]) => ` ${key.padEnd(9)} ${does}`)];
  return wrapped(cells, columns);
}

/** For a small screen: one after the other. */
function wrapped(cells: readonly string[], columns: number): readonly string[] {
  const lines: string[] = [];
  for (const cell of cells) {
    const line = lines.at(-1);
    if (line === undefined || line.length + cell.length + 3 > columns) lines.push(cell);
    else lines[lines.length - 1] = `${line} · ${cell}`;
  }
  return lines;
}

import { columnsFor } from "./columns.ts";
import { header } from "./header.ts";
import { helpLines } from "./help.ts";
import { paneLines } from "./pane.ts";
import { paint, paintBar, type Span, span } from "./paint.ts";
import { statusLine } from "./prompt.ts";
import { rowsOf, selectedIndex } from "./rows.ts";
import type { TopState } from "./state.ts";
import { clean, fit } from "./text.ts";

/** The terminal to draw for. Without `colour` no escape sequence is used. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
  readonly colour: boolean;
}

/** The smallest screen there is a view for. */
export const leastColumns = 40;
export const leastRows = 10;

/** The whole screen: exactly `rows` lines, none wider than `columns`. */
export function render(state: TopState, size: ScreenSize): readonly string[] {
  const { columns, rows, colour } = size;
  if (columns < leastColumns || rows < leastRows) return tooSmall(size);
  const top = header(state, size).map((spans) => paint(spans, columns, colour));
  const bottom = paint(statusLine(state, columns), columns, colour);
  const room = rows - top.length - 1;
  const body =
    state.mode.kind === "help"
      ? helpLines(columns).map((line) => paint([span(line)], columns, colour))
      : listAndPane(state, size, room);
  const blank = Array.from({ length: Math.max(0, room - body.length) }, () => "");
  return [...top, ...body.slice(0, room), ...blank, bottom];
}

function tooSmall({ columns, rows }: ScreenSize): readonly string[] {
  const says = `pm top needs ${leastColumns}x${leastRows}, this is ${columns}x${rows}; q quits`;
  return Array.from({ length: rows }, (_, row) => says.slice(row * columns, (row + 1) * columns));
}

/** The list takes what it needs, but leaves the pane two fifths. */
function listAndPane(state: TopState, size: ScreenSize, room: number): readonly string[] {
  const rows = rowsOf(state);
  const paneLeast = state.pane === "off" ? 1 : Math.max(3, Math.floor(room * 0.4));
  const listRoom = Math.min(room - paneLeast, Math.max(2, rows.length + 1));
  const list = listLines(state, size, listRoom);
  return [...list, ...paneLines(state, size, room - list.length)];
}

/** A line of titles, and as many rows as have room, the selected one among them. */
function listLines(state: TopState, { columns, colour }: ScreenSize, room: number): readonly string[] {
  const table = columnsFor(columns - 1);
  const titles = table.map(({ title, columns: width, align }) => fit(title, width, align)).join(" ");
  const rows = rowsOf(state);
  const selected = selectedIndex(rows, state.selected);
  const visible = room - 1;
  const first = Math.max(0, Math.min(selected - Math.floor(visible / 2), rows.length - visible));
  const lines = rows.slice(first, first + visible).map((row, index) => {
    const isSelected = first + index === selected;
    const cells = table.flatMap(({ cell, columns: width, align }): Span[] => {
      const { text, tone } = cell(row, state.gauges, width);
      return [span(" "), span(fit(clean(text), width, align), state.link === "live" ? tone : "dim")];
    });
    const spans = [span(isSelected ? ">" : " "), ...cells.slice(1)];
    return isSelected ? paintBar(spans, columns, colour) : paint(spans, columns, colour);
  });
  if (rows.length === 0) lines.push(paint([span(emptyWords(state), "dim")], columns, colour));
  return [paint([span(` ${titles}`, "dim")], columns, colour), ...lines];
}

function emptyWords({ status, filter }: TopState): string {
  if (status === null) return " waiting for pm";
  return filter === "" ? " no consumers" : ` no consumer has "${clean(filter)}" in its name; Escape shows all`;
}

import { askFor, askSize } from "./asks.ts";
import type { Key } from "./keys.ts";
import { rowsOf, selectedIndex, selectedRow, targetOf } from "./rows.ts";
import type { Effect, Mode, Pane, Step, TopState } from "./state.ts";

const view: Mode = { kind: "view" };

/** What a key does. */
export function press(state: TopState, key: Key): Step {
  if (key === "ctrl-c") return { state, effect: { do: "quit" } };
  if (key === "ctrl-z") return { state, effect: { do: "suspend" } };
  if (key === "ctrl-l") return { state, effect: { do: "repaint" } };
  switch (state.mode.kind) {
    case "view":
      return pressInView({ ...state, note: null }, key);
    case "help":
      return stay({ ...state, mode: view });
    case "confirm":
      return answer(state, state.mode.ask, key);
    case "size":
      return typeSize(state, state.mode, key);
    case "filter":
      return stay(typeFilter(state, state.mode, key));
  }
}

const stay = (state: TopState, effect: Effect | null = null): Step => ({ state, effect });

function pressInView(state: TopState, key: Key): Step {
  const row = selectedRow(state);
  switch (key) {
    case "q":
      return stay(state, { do: "quit" });
    case "?":
    case "h":
      return stay({ ...state, mode: { kind: "help" } });
    case "tab":
      return stay({ ...state, pane: nextPane[state.pane] });
    case "/":
      return stay({ ...state, mode: { kind: "filter", before: state.filter } });
    case "escape":
      return stay({ ...state, filter: "" });
    case "enter":
    case "right":
      return stay(row === null ? state : opened(state, row.consumer.consumer, key === "enter"));
    case "left":
      return stay(row === null ? state : closed(state, row.consumer.consumer));
    default: {
      const moved = move(state, key);
      return moved === null ? change(state, key) : stay(moved);
    }
  }
}

const nextPane: Readonly<Record<Pane, Pane>> = { log: "events", events: "off", off: "log" };

/** Rows that a key goes up or down; beyond the ends it stops there. */
const distances: Readonly<Record<string, number>> = {
  up: -1,
  k: -1,
  down: 1,
  j: 1,
  page_up: -10,
  page_down: 10,
  home: Number.NEGATIVE_INFINITY,
  g: Number.NEGATIVE_INFINITY,
  end: Number.POSITIVE_INFINITY,
  G: Number.POSITIVE_INFINITY,
};

function move(state: TopState, key: Key): TopState | null {
  const distance = distances[key];
  if (distance === undefined) return null;
  const rows = rowsOf(state);
  const index = selectedIndex(rows, state.selected) + distance;
  const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
  return row === undefined ? state : { ...state, selected: targetOf(row) };
}

/** Enter opens and closes, the arrow only opens. */
function opened(state: TopState, consumer: string, toggle: boolean): TopState {
  if (!state.expanded.includes(consumer)) return { ...state, expanded: [...state.expanded, consumer] };
  return toggle ? closed(state, consumer) : state;
}

function closed(state: TopState, consumer: string): TopState {
  const expanded = state.expanded.filter((each) => each !== consumer);
  return { ...state, expanded, selected: { consumer, worker: null } };
}

/** Keys that change the farm: all of them ask first. */
function change(state: TopState, key: Key): Step {
  const row = selectedRow(state);
  const ask = row === null ? null : askFor(key, row);
  if (row === null || (ask === null && key !== "=")) return stay(state);
  if (state.link !== "live") return stay({ ...state, note: { text: "no pm to ask", tone: "bad" } });
  if (ask !== null) return stay({ ...state, mode: { kind: "confirm", ask } });
  return stay({ ...state, mode: { kind: "size", consumer: row.consumer.consumer, text: "" } });
}

function answer(state: TopState, ask: Extract<Mode, { kind: "confirm" }>["ask"], key: Key): Step {
  if (key !== "y" && key !== "Y") return stay({ ...state, mode: view, note: { text: "nothing done", tone: "dim" } });
  return stay({ ...state, mode: view, note: { text: `${ask.what}: under way`, tone: "dim" } }, { do: "ask", ask });
}

const maxDigits = 5;

function typeSize(state: TopState, mode: Extract<Mode, { kind: "size" }>, key: Key): Step {
  if (key === "escape") return stay({ ...state, mode: view });
  if (key === "backspace") return stay({ ...state, mode: { ...mode, text: mode.text.slice(0, -1) } });
  if (/^[0-9]$/u.test(key) && mode.text.length < maxDigits) {
    return stay({ ...state, mode: { ...mode, text: mode.text + key } });
  }
  const consumer = state.status?.consumers.find((each) => each.consumer === mode.consumer);
  if (key !== "enter" || mode.text === "") return stay(state);
  if (consumer === undefined) return stay({ ...state, mode: view });
  return stay({ ...state, mode: { kind: "confirm", ask: askSize({ consumer, worker: null }, Number(mode.text)) } });
}

function typeFilter(state: TopState, mode: Extract<Mode, { kind: "filter" }>, key: Key): TopState {
  if (key === "enter") return { ...state, mode: view };
  if (key === "escape") return { ...state, mode: view, filter: mode.before };
  if (key === "backspace") return { ...state, filter: state.filter.replace(/.$/u, "") };
  return /^.$/u.test(key) ? { ...state, filter: state.filter + key } : state;
}

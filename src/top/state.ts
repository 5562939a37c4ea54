import type { FarmStatus } from "../protocol/control-api.ts";
import { type Gauges, noGauges } from "./gauges.ts";
import type { Ask } from "./asks.ts";
import type { TailLine } from "./tail.ts";

/** All that `pm top` knows; what is on the screen follows from it and from the screen's size. */
export interface TopState {
  /** `gone`: there was a pm, and there is none now. */
  readonly link: "connecting" | "live" | "gone";
  readonly status: FarmStatus | null;
  readonly gauges: Gauges;
  /** When a status last came, and the newest instant known; of a clock that never goes back. */
  readonly answeredAtMs: number;
  readonly atMs: number;
  readonly selected: Target | null;
  /** Consumers whose workers are shown. */
  readonly expanded: readonly string[];
  /** Part of the names of the consumers that are shown; empty shows all. */
  readonly filter: string;
  readonly pane: Pane;
  /** The lines of the pane, oldest first, and the stream they came from. */
  readonly tail: readonly TailLine[];
  readonly tailPath: string | null;
  readonly mode: Mode;
  /** The outcome of the last action; null when there is nothing to say. */
  readonly note: Note | null;
}

/** A consumer, or one worker of it by its id. */
export interface Target {
  readonly consumer: string;
  readonly worker: number | null;
}

/** What the lower part shows. */
export type Pane = "log" | "events" | "off";

/** What the next key means. */
export type Mode =
  | { readonly kind: "view" }
  | { readonly kind: "help" }
  | { readonly kind: "confirm"; readonly ask: Ask }
  | { readonly kind: "size"; readonly consumer: string; readonly text: string }
  | { readonly kind: "filter"; readonly before: string };

export interface Note {
  readonly text: string;
  readonly tone: "good" | "bad" | "dim";
}

/** What the loop around the reducer does next. */
export type Effect =
  | { readonly do: "quit" }
  | { readonly do: "suspend" }
  /** Draws the whole screen anew, whatever is on it. */
  | { readonly do: "repaint" }
  | { readonly do: "ask"; readonly ask: Ask };

/** A step of the reducer. */
export interface Step {
  readonly state: TopState;
  readonly effect: Effect | null;
}

/** Before anything is known. */
export const firstState: TopState = {
  link: "connecting",
  status: null,
  gauges: noGauges,
  answeredAtMs: 0,
  atMs: 0,
  selected: null,
  expanded: [],
  filter: "",
  pane: "log",
  tail: [],
  tailPath: null,
  mode: { kind: "view" },
  note: null,
};

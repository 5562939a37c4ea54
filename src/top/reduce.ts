import { observe } from "./gauges.ts";
import type { Key } from "./keys.ts";
import type { Looked } from "./link.ts";
import { press } from "./press.ts";
import type { Step, TopState } from "./state.ts";
import { type TailLine, tailLength, tailPathOf } from "./tail.ts";
import { clean } from "./text.ts";

/** What happens to `pm top`. Instants are of a clock that never goes back. */
export type TopInput =
  | { readonly type: "key"; readonly key: Key }
  | (Looked & { readonly atMs: number })
  /** Time went by. */
  | { readonly type: "time"; readonly atMs: number }
  /** The stream begins again, with lines that there were already. */
  | { readonly type: "tail_begins" }
  | { readonly type: "tail"; readonly path: string; readonly lines: readonly TailLine[] }
  /** What came of an ask; one line of pm's. */
  | { readonly type: "answer"; readonly ok: boolean; readonly message: string };

/** What follows from an input: the next state, and what is to be done. */
export function reduce(state: TopState, input: TopInput): Step {
  if (input.type === "key") {
    const step = press(state, input.key);
    return { ...step, state: tuned(step.state) };
  }
  return { state: tuned(absorb(state, input)), effect: null };
}

function absorb(state: TopState, input: Exclude<TopInput, { type: "key" }>): TopState {
  switch (input.type) {
    case "status": {
      const { status, atMs } = input;
      const gauges = observe(state.gauges, status, atMs);
      const back = state.link === "gone" ? ({ text: "pm is back", tone: "good" } as const) : state.note;
      return { ...state, link: "live", status, gauges, answeredAtMs: atMs, atMs, note: back };
    }
    case "refused":
      return { ...state, atMs: input.atMs, note: { text: clean(input.message), tone: "bad" } };
    case "gone":
      return { ...state, link: state.status === null ? "connecting" : "gone", atMs: input.atMs, mode: calm(state) };
    case "time":
      return { ...state, atMs: input.atMs };
    case "tail_begins":
      return { ...state, tail: [] };
    case "tail":
      if (input.path !== state.tailPath) return state;
      return { ...state, tail: [...state.tail, ...input.lines].slice(-tailLength) };
    case "answer":
      return { ...state, note: { text: clean(input.message), tone: input.ok ? "good" : "bad" } };
  }
}

/** A question about a farm that has gone is no longer asked. */
function calm({ mode }: TopState): TopState["mode"] {
  return mode.kind === "confirm" || mode.kind === "size" ? { kind: "view" } : mode;
}

/** The lines shown are always those of the stream that belongs to the selection. */
function tuned(state: TopState): TopState {
  const tailPath = tailPathOf(state);
  return tailPath === state.tailPath ? state : { ...state, tailPath, tail: [] };
}

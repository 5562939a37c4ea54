import { type Span, span } from "./paint.ts";
import type { TopState } from "./state.ts";
import { clean, clip } from "./text.ts";

const hints = "? help  q quit  → workers  Tab log/events  r restart  s stop  p pause  +-= scale";

/** The last line: a question, what is typed, what came of the last action, or hints. */
export function statusLine({ mode, note, filter }: TopState, columns: number): readonly Span[] {
  switch (mode.kind) {
    case "confirm": {
      const question = clip(clean(mode.ask.what), columns - "? y/N".length);
      return [span(question, "warn"), span("? y/N", "bold")];
    }
    case "size":
      return [span(`size of ${clean(mode.consumer)}: `, "bold"), span(`${mode.text}_`)];
    case "filter":
      return [span("filter: ", "bold"), span(`${clean(filter)}_`)];
    case "help":
      return [span("any key closes the help", "dim")];
    case "view": {
      if (note !== null) return [span(note.text, note.tone)];
      const only = filter === "" ? [] : [span(`only "${clean(filter)}"  `, "warn")];
      return [...only, span(hints, "dim")];
    }
  }
}

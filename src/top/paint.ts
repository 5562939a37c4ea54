import { clip, fit, widthOf } from "./text.ts";

/** How a piece of text is meant; colours say it where there are any. */
export type Tone = "plain" | "bold" | "dim" | "good" | "warn" | "bad" | "accent";

/** A piece of clean text. */
export interface Span {
  readonly text: string;
  readonly tone: Tone;
}

export function span(text: string, tone: Tone = "plain"): Span {
  return { text, tone };
}

const codes: Readonly<Record<Tone, string>> = {
  plain: "",
  bold: "1",
  dim: "2",
  good: "32",
  warn: "33",
  bad: "31",
  accent: "36",
};

/** One line of the screen, never wider than `columns`. Without colour it holds no escape sequence at all. */
export function paint(spans: readonly Span[], columns: number, colour: boolean): string {
  let room = columns;
  let line = "";
  for (const { text, tone } of spans) {
    const part = clip(text, room);
    room -= widthOf(part);
    line += colour && part !== "" && codes[tone] !== "" ? `\u001B[${codes[tone]}m${part}\u001B[0m` : part;
    if (part !== text) break;
  }
  return line;
}

/** A line in reverse from edge to edge. */
export function paintBar(spans: readonly Span[], columns: number, colour: boolean): string {
  const text = fit(spans.map((each) => each.text).join(""), columns);
  return colour ? `\u001B[7m${text}\u001B[0m` : text.trimEnd();
}

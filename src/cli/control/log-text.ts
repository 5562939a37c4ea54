import { visible } from "../../core/farm/log-text.ts";
import type { LogLineDocument } from "../../protocol/control-api.ts";
import { clockTime } from "./follow.ts";
import type { Streams } from "./streams.ts";

/** ANSI: one for each worker, as far as they go round. Red is left to stderr. */
const workerColours = [36, 32, 35, 34, 33, 96, 92, 95, 94, 93];

/** `12:34:56 [async:0] text`; stderr is told apart by `[async:0 err]`. */
export function logText(line: LogLineDocument, { terminal, colour }: Pick<Streams, "terminal" | "colour">): string {
  const { at, consumer, slot, worker, stream, text } = line;
  const paint = (code: number, part: string): string => (colour ? `\u001B[${code}m${part}\u001B[0m` : part);
  const name = `[${consumer}:${slot}${stream === "stderr" ? " err" : ""}]`;
  const tag = paint(stream === "stderr" ? 31 : (workerColours[worker % workerColours.length] ?? 36), name);
  return `${paint(90, clockTime(at))} ${tag} ${terminal ? harmless(text, colour) : text}`;
}

const colourSequence = /(\p{Cc}\[[\d;:]*m|\t)/u;

/** Colours of the worker's own stay where colours are wanted, and tabs; nothing else in a line steers the terminal. */
function harmless(text: string, colour: boolean): string {
  const pieces = text.replace(/\r$/u, "").split(colourSequence);
  const kept = pieces.map((piece) => {
    if (piece === "\t") return piece;
    if (!piece.startsWith("\u001B[") || !colourSequence.test(piece)) return visible(piece);
    return colour ? piece : "";
  });
  return `${kept.join("")}${colour && pieces.length > 1 ? "\u001B[0m" : ""}`;
}

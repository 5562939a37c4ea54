import type { FarmStatus } from "../../protocol/control-api.ts";
import type { ControlAnswer } from "../../surface/control/client.ts";
import { failure, isFarmStatus } from "../control/answer.ts";
import { aborted, type Streams } from "../control/streams.ts";
import { exitCodes, outcome, type Outcome } from "../outcome.ts";

/** CPU time and memory change without an event, so this one looks again and again. */
const everyMs = 1000;

/** A second screen without cursor and line wrap, so that the first one is as it was when this ends. */
const enter = "\u001B[?1049h\u001B[?25l\u001B[?7l";
const leave = "\u001B[?7h\u001B[?25h\u001B[?1049l";

export interface WatchOptions {
  readonly streams: Streams;
  /** Each status takes the place of the one before, on a terminal; else they follow each other. */
  readonly frames: boolean;
  /** A second from now. */
  readonly pause?: () => Promise<unknown>;
}

/** Shows the status each second until Ctrl-C, or until there is nothing to show any more; both are a good end. */
export async function watch(
  ask: () => Promise<ControlAnswer>,
  show: (status: FarmStatus) => readonly string[],
  { streams: { out, size, interrupt }, frames, pause = () => Bun.sleep(everyMs) }: WatchOptions,
): Promise<Outcome> {
  const stop = aborted(interrupt());
  if (frames) out(enter);
  try {
    for (;;) {
      const answer = await Promise.race([ask(), stop]);
      if (answer === "aborted") return outcome(exitCodes.done, []);
      if (answer.status === 0) return outcome(exitCodes.done, [], ["pm status: pm has ended"]);
      if (answer.status !== 200 || !isFarmStatus(answer.body)) return failure("status", answer);
      const lines = show(answer.body);
      const text = frames ? frame(lines, size().rows) : lines.map((line) => `${line}\n`).join("");
      const heard = out(text);
      if (!heard || (await Promise.race([pause(), stop])) === "aborted") return outcome(exitCodes.done, []);
    }
  } finally {
    if (frames) out(leave);
  }
}

/** From the top left corner over what was there. */
function frame(lines: readonly string[], rows: number): string {
  const shown = lines.length > rows ? [...lines.slice(0, rows - 1), "…"] : lines;
  return `\u001B[H${shown.map((line) => `${line}\u001B[K`).join("\r\n")}\u001B[J`;
}

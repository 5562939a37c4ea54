import type { ControlClient } from "../../surface/control/client.ts";
import type { FailedLine, MapAnswers } from "./map-answers.ts";
import type { MapInput } from "./map-input.ts";
import type { MapOutput } from "./map-output.ts";

/** The parts of a run; `path` is that of the tasks. */
export interface MapParts {
  readonly client: ControlClient;
  readonly path: string;
  readonly input: MapInput;
  readonly output: MapOutput;
  readonly answers: MapAnswers;
  readonly interrupt: AbortSignal;
  /** Hears of lines that failed. */
  readonly onFailed: (failed: readonly FailedLine[]) => void;
}

/** How a run ended. Whatever it was, what has been written are whole lines, in order, without a gap. */
export type MapEnd =
  | { readonly kind: "done" | "gone" | "interrupted" | "nonsense" }
  | { readonly kind: "refused"; readonly status: number; readonly text: string }
  | { readonly kind: "stopped"; readonly at: FailedLine }
  | { readonly kind: "unreadable" | "unwritable"; readonly code: string };

/** Longest text of a refusal. */
const maxTextLength = 65_536;

/** Sends the lines of the input and writes those of the answer, in memory that does not depend on how many there are. */
export async function runMapExchange(parts: MapParts): Promise<MapEnd> {
  const { client, path, input, output, answers, interrupt, onFailed } = parts;
  const { promise: ended, resolve: end } = Promise.withResolvers<MapEnd>();
  const over = new AbortController();
  let drained = Promise.withResolvers<void>();
  let status = 0;
  let refusal = "";
  const exchange = client.exchange(
    { path, contentType: "application/x-ndjson", bytes: null },
    {
      head(given) {
        status = given;
        if (status === 200) output.begin();
      },
      body(bytes) {
        if (status !== 200) {
          refusal = (refusal + bytes.toString()).slice(0, maxTextLength);
          return;
        }
        const before = answers.lines;
        const { out, failed, stop } = answers.push(bytes);
        output.put(out, answers.lines - before);
        if (failed.length > 0) onFailed(failed);
        if (stop !== null) end(stop === "nonsense" ? { kind: "nonsense" } : { kind: "stopped", at: stop });
        if (output.full) exchange.pause();
      },
      drained: () => drained.resolve(),
      ended(isWhole) {
        if (isWhole && status !== 200) end({ kind: "refused", status, text: refusal });
        else end({ kind: isWhole && allRead && answers.lines === input.lines + input.missing ? "done" : "gone" });
      },
    },
  );
  let allRead = false;
  output.onChange = () => {
    if (output.failure !== null) end({ kind: "unwritable", code: output.failure });
    else if (!output.full) exchange.resume();
  };
  const interrupted = (): void => end({ kind: "interrupted" });
  interrupt.addEventListener("abort", interrupted, { once: true });
  if (interrupt.aborted) interrupted();

  const send = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const bytes = await input.read();
      if (typeof bytes === "string") end({ kind: "unreadable", code: bytes });
      if (bytes === null) {
        allRead = true;
        exchange.end();
      }
      if (bytes === null || typeof bytes === "string") return;
      drained = Promise.withResolvers<void>();
      if (!exchange.write(bytes)) await drained.promise;
    }
  };
  void send();
  const how = await ended;
  over.abort();
  exchange.close();
  await output.finish();
  // What failed last may have failed after all was answered.
  return how.kind === "done" && output.failure !== null ? { kind: "unwritable", code: output.failure } : how;
}

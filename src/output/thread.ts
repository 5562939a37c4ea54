/** The output thread: the second entry point of the program. It is given its start once, and never returns to an event loop of its own. */
import { OutputLoop } from "./loop.ts";
import type { OutputBatch, OutputStart } from "./messages.ts";

declare const self: {
  onmessage: ((event: MessageEvent<OutputStart>) => void) | null;
  postMessage(message: OutputBatch): void;
};

self.onmessage = ({ data }): void => {
  new OutputLoop(data, (batch) => self.postMessage(batch)).run();
};

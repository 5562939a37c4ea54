/** The output thread: the second entry point of the program. It is given its start once, and never returns to an event loop of its own. */
import { OutputLoop } from "./loop.ts";
import type { OutputBatch, OutputStart } from "./messages.ts";

declare const self: {
  onmessage: ((event: MessageEvent<OutputStart>) => void) | null;
  postMessage(message: OutputBatch): void;
};

// A thread has one parent: neither more listeners nor a target origin make sense here.
// oxlint-disable-next-line unicorn/prefer-add-event-listener
self.onmessage = ({ data }): void => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  new OutputLoop(data, (batch) => self.postMessage(batch)).run();
};

/** A body of text that is made when its reader asks for it. */
export interface TextBody {
  readonly body: ReadableStream<Uint8Array>;
  /** Settles when the reader has all of it, or has left. */
  readonly read: Promise<void>;
}

/** `next` gives what comes next, and nothing at the end; `left` is called when the reader does not wait for that. */
export function textBody(next: () => Promise<string>, left: () => void): TextBody {
  const { promise: read, resolve: over } = Promise.withResolvers<void>();
  const encoder = new TextEncoder();
  let hasLeft = false;
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const text = await next();
        if (hasLeft) return;
        if (text === "") {
          controller.close();
          over();
        } else controller.enqueue(encoder.encode(text));
      },
      cancel: () => {
        hasLeft = true;
        over();
        left();
      },
    },
    { highWaterMark: 0 },
  );
  return { body, read };
}

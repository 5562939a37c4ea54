/** What a server that stops ends and waits for. */
export interface EndingStream {
  /** Settles when the reader has all of it, or has left. */
  readonly read: Promise<void>;
  /** No more will come. */
  end(): void;
}

/** Keeps a stream among those that end with the server, until it is read. */
export function keepIn(streams: Set<EndingStream>, stream: EndingStream): void {
  streams.add(stream);
  void stream.read.then(() => streams.delete(stream));
}

/** How long answers that are being made may take once the server stops. */
const lastAnswersMs = 1_000;

/** Who waits for an answer, or reads a stream to its end, gets a share of time, a second at most; who only sits there gets none. */
export async function lastAnswers(unfinished: readonly Promise<unknown>[]): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, lastAnswersMs);
  await Promise.race([Promise.allSettled(unfinished), late]);
  clearTimeout(timer);
  const { promise: written, resolve: turn } = Promise.withResolvers<void>();
  setImmediate(turn); // Bun writes what it was given before this
  await written;
}

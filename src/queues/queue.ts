/** How many messages wait, or on one line why nobody knows. `why` has no credentials in it. */
export type QueueReading = { readonly ok: true; readonly depth: number } | { readonly ok: false; readonly why: string };

/** Where the number of waiting messages is read, again and again. */
export interface Queue {
  /** Never rejects, and answers within the time limit the queue was opened with. */
  depth(): Promise<QueueReading>;
  /** Gives up connections and processes; a question under way fails. Idempotent. */
  close(): void;
}

/** One kind of queue, without time limit and manners: see `openQueue`, which adds both. */
export interface Source {
  /**
   * May reject with what a client library says, and may hang: what it holds for this question is given up when `signal` aborts. The `why` of
   * a failure may quote others, credentials and all.
   */
  read(signal: AbortSignal): Promise<QueueReading>;
  close(): void;
}

/** What every question here may come to. */
export interface Failure {
  readonly ok: false;
  readonly why: string;
}

export function failed(why: string): Failure {
  return { ok: false, why };
}

import type { ConsumerSpec } from "../farm/spec.ts";

/** What one document of the program says: every consumer in it is in one of the two lists. */
export interface EntryDocument {
  /** In the order of the document, each name once. */
  readonly good: readonly ConsumerSpec[];
  readonly rejected: readonly RejectedEntry[];
}

/** An entry whose definition cannot be used. */
export interface RejectedEntry {
  readonly consumer: string;
  /** One line: the key, what is wrong, what to do. No secrets. */
  readonly error: string;
}

/** The last good definition of each consumer that the program names, in a lasting order: what is known keeps its place. */
export type Accepted = ReadonlyMap<string, ConsumerSpec>;

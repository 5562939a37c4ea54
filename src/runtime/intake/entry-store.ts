import type { Settlement } from "../../core/intake/settlement.ts";
import type { Send } from "../../queues/redis.ts";

/** One message taken out of a queue; it stays this pm's own until it is settled. */
export interface Entry {
  /** Unique in its queue. */
  readonly id: string;
  /** Null when it is longer than `maxBytes`. */
  readonly text: string | null;
  readonly bytes: number;
  /** Attempts made before: those that failed, and those a pm died in. */
  readonly attempts: number;
}

/** A queue in Redis that loses nothing when pm dies. Methods wait while Redis is away, and give up only when the link is closed. */
export interface EntryStore {
  /** On each new connection, before anything else: what this pm holds without knowing of it is freed. Rejects as `send` does. */
  prepare(send: Send): Promise<void>;
  /** Up to so many; waits for some, and may come back with none. */
  take(most: number): Promise<readonly Entry[]>;
  /** Harmless when another pm has taken the entry over in the meantime. */
  settle(id: string, settlement: Settlement): Promise<void>;
  /** A sign of life; gives the number of entries taken over from pms that show none. */
  beat(): Promise<number>;
  /** Entries nobody has taken yet. */
  depth(): Promise<number | null>;
  /** When all is settled: this pm is not expected back. */
  leave(): Promise<void>;
}

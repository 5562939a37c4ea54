import type { Consumer } from "./consumer.ts";
import type { Worker } from "./worker.ts";

/** What a consumer tells the supervisor. */
export interface ConsumerOwner {
  /** The farm is on its way to its end. */
  readonly stopping: boolean;
  /** How many processes more may live now. */
  freeSlots(): number;
  /** Starts it, in turn with others. */
  startSoon(worker: Worker): void;
  /** So many workers of it have gone for good: 0 when it leaves without any. */
  shrunk(consumer: Consumer, by: 0 | 1): void;
  /** Its answer to an open failure limit is to end the farm. */
  failureLimitReached(): void;
  /** The farm is not to go on without it. */
  essentialGaveUp(): void;
  /** No worker of it will start again by itself; `failed` when that is because of failures. */
  settled(consumer: Consumer, failed: boolean): void;
}

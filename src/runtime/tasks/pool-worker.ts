import type { Seat } from "../../core/tasks/choose.ts";
import { Mailbox } from "../../core/tasks/mailbox.ts";
import type { PoolProcess } from "./pool-process.ts";
import type { PoolTask } from "./pool-task.ts";

/** One worker's slot: what waits for it, and the process it has now. */
export class PoolWorker implements Seat {
  readonly number: number;
  readonly mailbox: Mailbox<PoolTask>;
  process: PoolProcess | null = null;

  constructor(number: number, mailboxLimit: number) {
    this.number = number;
    this.mailbox = new Mailbox(mailboxLimit);
  }

  get isOpen(): boolean {
    return this.process !== null && this.process.takes;
  }

  get load(): number {
    return this.mailbox.size + (this.process === null ? 0 : this.process.inHand.size);
  }

  get free(): number {
    return this.process === null || this.mailbox.size > 0 ? 0 : this.process.free;
  }

  /** Tasks that lie ready at the process wait too: so they find room here when it ends. */
  get waitingRoom(): number {
    return Math.max(0, this.mailbox.limit - this.mailbox.size - (this.process === null ? 0 : this.process.ready));
  }

  get room(): number {
    return this.free + this.waitingRoom;
  }
}

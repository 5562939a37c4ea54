import { PlacedHeap, type Placing } from "./placed-heap.ts";

/** A task as far as its turn needs it. */
export interface Waiting {
  /** The higher one goes first. */
  readonly priority: number;
  /** Of equal priority the smaller one goes first. */
  readonly order: number;
  /** Its place in the mailbox it waits in; for the mailbox alone. */
  mailboxAt: number;
}

/** Whether `a` has its turn before `b`. */
export function isBefore(a: Pick<Waiting, "priority" | "order">, b: Pick<Waiting, "priority" | "order">): boolean {
  return a.priority > b.priority || (a.priority === b.priority && a.order < b.order);
}

const byTurn: Placing<Waiting> = {
  isBefore,
  at: ({ mailboxAt }) => mailboxAt,
  setAt: (task, at) => {
    task.mailboxAt = at;
  },
};

/** Tasks that wait, at most `limit`, each in one mailbox only. Who has the next turn: by priority, then by order. */
export class Mailbox<T extends Waiting> {
  readonly #tasks: PlacedHeap<T> = new PlacedHeap<T>(byTurn);
  limit: number;

  constructor(limit: number) {
    this.limit = limit;
  }

  get size(): number {
    return this.#tasks.size;
  }

  get first(): T | undefined {
    return this.#tasks.first;
  }

  /** False when it is full. */
  put(task: T): boolean {
    if (this.#tasks.size >= this.limit) return false;
    this.#tasks.put(task);
    return true;
  }

  /** The task must be in this one or in none. */
  remove(task: T): void {
    this.#tasks.remove(task);
  }
}

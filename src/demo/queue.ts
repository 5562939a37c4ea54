import { type DemoMessage, nextAttempt } from "./load.ts";

/** More waiting messages than this push the oldest of their transport out. */
const maxWaiting = 1000;

interface Taker {
  readonly transports: readonly string[];
  readonly give: (message: DemoMessage) => void;
}

/** The demo's queue server without its socket: messages wait by transport for workers, or workers for messages. */
export class DemoQueue {
  readonly #waiting = new Map<string, DemoMessage[]>();
  readonly #takers: Taker[] = [];

  /** A new message, for the worker that has waited longest. */
  put(message: DemoMessage): void {
    if (this.#handOver(message)) return;
    const waiting = this.#of(message.transport);
    waiting.push(message);
    if (waiting.length > maxWaiting) waiting.shift();
  }

  /** A message whose worker is gone: before all others. */
  putBack(message: DemoMessage): void {
    if (!this.#handOver(message)) this.#of(message.transport).unshift(message);
  }

  /** Calls `give` once: now, or when there is a message. The first of the transports is emptied first. */
  take(transports: readonly string[], give: (message: DemoMessage) => void): void {
    for (const transport of transports) {
      const message = this.#of(transport).shift();
      if (message !== undefined) return give(message);
    }
    this.#takers.push({ transports, give });
  }

  /** Who passed this `give` waits no longer. */
  leave(give: (message: DemoMessage) => void): void {
    const at = this.#takers.findIndex((taker) => taker.give === give);
    if (at >= 0) this.#takers.splice(at, 1);
  }

  #handOver(message: DemoMessage): boolean {
    const at = this.#takers.findIndex(({ transports }) => transports.includes(message.transport));
    this.#takers.splice(at, at < 0 ? 0 : 1)[0]?.give(message);
    return at >= 0;
  }

  #of(transport: string): DemoMessage[] {
    const waiting = this.#waiting.get(transport) ?? [];
    this.#waiting.set(transport, waiting);
    return waiting;
  }
}

/**
 * One worker at the queue, in lines. It says `take TRANSPORT…`, is sent a message as JSON, and says `done`, or `again` to
 * have it delivered once more. A message it holds when it leaves is delivered to another.
 */
export class QueueSession {
  readonly #queue: DemoQueue;
  readonly #give: (message: DemoMessage) => void;
  #inHand: DemoMessage | null = null;
  #unread = "";

  constructor(queue: DemoQueue, write: (line: string) => void) {
    this.#queue = queue;
    this.#give = (message) => {
      this.#inHand = message;
      write(`${JSON.stringify(message)}\n`);
    };
  }

  hear(text: string): void {
    const lines = (this.#unread + text).split("\n");
    this.#unread = lines.pop() ?? "";
    for (const line of lines) {
      const [word, ...transports] = line.split(" ");
      const message = this.#inHand;
      if (word === "take" && message === null) this.#queue.take(transports, this.#give);
      if (word === "done" || word === "again") this.#inHand = null;
      if (word === "again" && message !== null) this.#queue.put(nextAttempt(message));
    }
  }

  leave(): void {
    this.#queue.leave(this.#give);
    if (this.#inHand !== null) this.#queue.putBack(nextAttempt(this.#inHand));
    this.#inHand = null;
  }
}

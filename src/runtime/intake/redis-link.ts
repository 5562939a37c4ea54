import { RedisClient } from "bun";
import { backoffDelayMs } from "../../core/supervision/backoff.ts";
import { explain } from "../../queues/explain.ts";
import { clientUrl, type Send } from "../../queues/redis.ts";
import type { Cancel, Clock } from "../host.ts";

const answerWithinMs = 30_000;
const backoff = { baseMs: 100, maxMs: 10_000, jitter: 0.2 };

interface Wires {
  readonly main: RedisClient;
  /** For commands that block. */
  readonly waiting: RedisClient;
  waitingId: string;
  isOver: boolean;
  readonly sinceMs: number;
}

export interface LinkPorts {
  readonly clock: Clock;
  /** On each new connection, before anybody else may use it. */
  prepare(send: Send): Promise<void>;
  /** Told once at the beginning of each outage; `why` may quote the server, credentials and all. */
  away(why: string): void;
  /** And once at its end. */
  back(): void;
}

/** Two connections to one Redis, made anew together with growing pauses whenever anything goes wrong on one of them. */
export class RedisLink {
  readonly #url: string;
  readonly #ports: LinkPorts;
  #wires: Wires | null = null;
  #isAway = false;
  #isClosed = false;
  #isLeaving = false;
  #isWaiting = false;
  #isStirred = false;
  #failures = 0;
  #cancelRetry: Cancel = () => undefined;
  #waiters: (() => void)[] = [];

  constructor(url: string, ports: LinkPorts) {
    this.#url = clientUrl(url);
    this.#ports = ports;
  }

  open(): void {
    void this.#connect();
  }

  /** Does some work, and does it again after an outage: so it must be harmless twice. Null when the link is closed, or away while leaving. */
  async run<Answer>(work: (send: Send) => Promise<Answer>): Promise<Answer | null> {
    for (;;) {
      const wires = this.#wires ?? (await this.#whenUp());
      if (wires === null) return null;
      const answer = await this.#try(wires, () => work(sender(wires.main)), answerWithinMs);
      if (answer !== null) return answer.value;
    }
  }

  /** One command that blocks for up to so long by itself; one at a time. Null also when it failed: it is not done again. */
  async wait(blockMs: number, command: string, ...args: string[]): Promise<unknown> {
    const wires = this.#wires ?? (await this.#whenUp());
    if (wires === null || this.#isStirred) {
      this.#isStirred = false;
      return null;
    }
    this.#isWaiting = true;
    const answer = await this.#try(wires, () => wires.waiting.send(command, args), blockMs + answerWithinMs);
    this.#isWaiting = false;
    this.#isStirred = false;
    return answer === null ? null : answer.value;
  }

  /** Ends a `wait` under way as if its time were over; when there is none, the next one. */
  async stir(): Promise<void> {
    this.#isStirred = true;
    // The server may hear of this before it hears of the wait, on the other connection.
    while (this.#isWaiting && this.#isStirred) {
      const id = this.#wires?.waitingId;
      if (id === undefined || (await this.run((send) => send("CLIENT", "UNBLOCK", id))) !== 0) return;
    }
  }

  /** From now on an outage is not waited for. */
  leave(): void {
    this.#isLeaving = true;
    if (this.#wires === null) this.#release();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelRetry();
    if (this.#wires !== null) this.#lose(this.#wires, null);
    this.#release();
  }

  /** The answer in a box, or null when the connection was given up because of it. */
  async #try<Answer>(wires: Wires, work: () => Promise<Answer>, limitMs: number): Promise<{ value: Answer } | null> {
    try {
      const value = await this.#within(limitMs, work());
      this.#proven();
      return { value };
    } catch (error) {
      this.#lose(wires, error);
      return null;
    }
  }

  async #connect(): Promise<void> {
    const wires = this.#open();
    try {
      await this.#within(answerWithinMs, Promise.all([wires.main.connect(), wires.waiting.connect()]));
      wires.waitingId = String(await this.#within(answerWithinMs, wires.waiting.send("CLIENT", ["ID"])));
      await this.#within(answerWithinMs, this.#ports.prepare(sender(wires.main)));
    } catch (error) {
      this.#lose(wires, error);
    }
    if (wires.isOver) return;
    if (this.#isClosed) {
      this.#lose(wires, null);
      return;
    }
    this.#wires = wires;
    this.#release();
  }

  #open(): Wires {
    const make = (): RedisClient => {
      const client = new RedisClient(this.#url, {
        autoReconnect: false,
        enableOfflineQueue: false,
        connectionTimeout: answerWithinMs,
      });
      client.onclose = (error) => this.#lose(wires, error); // oxlint-disable-line unicorn/prefer-add-event-listener -- it has no other way
      return client;
    };
    const wires: Wires = {
      main: make(),
      waiting: make(),
      waitingId: "",
      isOver: false,
      sinceMs: this.#ports.clock.nowMs(),
    };
    return wires;
  }

  #lose(wires: Wires, error: unknown): void {
    if (wires.isOver) return;
    wires.isOver = true;
    if (this.#wires === wires) this.#wires = null;
    wires.main.close();
    wires.waiting.close();
    if (this.#isClosed) return;
    if (!this.#isAway) {
      this.#isAway = true;
      this.#ports.away(explain(error));
    }
    if (this.#isLeaving) this.#release();
    // A server that lets us in and refuses all else must not be asked in a circle.
    const livedMs = this.#ports.clock.nowMs() - wires.sinceMs;
    this.#failures = livedMs > backoff.maxMs ? 1 : this.#failures + 1;
    const delayMs = backoffDelayMs(backoff, this.#failures, Math.random());
    this.#cancelRetry = this.#ports.clock.after(delayMs, () => void this.#connect());
  }

  /** Only an answer ends an outage: a server may let us in and refuse everything else. */
  #proven(): void {
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#ports.back();
  }

  async #whenUp(): Promise<Wires | null> {
    while (this.#wires === null) {
      if (this.#isClosed || this.#isLeaving) return null;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiters.push(resolve);
      await promise;
    }
    return this.#wires;
  }

  #release(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }

  async #within<Answer>(limitMs: number, question: Promise<Answer>): Promise<Answer> {
    const { promise, reject } = Promise.withResolvers<never>();
    const cancel = this.#ports.clock.after(limitMs, () => reject(new Error(`no answer within ${limitMs / 1000} s`)));
    try {
      return await Promise.race([question, promise]);
    } finally {
      cancel();
    }
  }
}

function sender(client: RedisClient): Send {
  return (command, ...args) => client.send(command, args);
}

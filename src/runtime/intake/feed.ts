import { payloadOf } from "../../core/intake/entry-payload.ts";
import type { Settlement } from "../../core/intake/settlement.ts";
import type { TaskSourceSpec } from "../../core/farm/tasks-spec.ts";
import { backoffDelayMs } from "../../core/supervision/backoff.ts";
import type { TaskAnswer, TaskError } from "../../core/tasks/task.ts";
import type { Cancel, Clock } from "../host.ts";
import type { TaskInlet } from "../tasks/task-ports.ts";
import type { Entry, EntryStore } from "./entry-store.ts";

/** After entries the pool did not try. */
const brake = { baseMs: 50, maxMs: 5000, jitter: 0.2 };
/** Nobody tells when a pool can do more at the same time than before. */
const lookAgainMs = 1000;

export interface FeedPorts {
  readonly clock: Clock;
  readonly store: EntryStore;
  readonly inlet: TaskInlet;
  decide(entry: Entry, answer: TaskAnswer): Settlement;
  /** For an entry that cannot be a task, or must not be one again. */
  giveUp(entry: Entry, error: TaskError): Settlement;
  settled(settlement: Settlement): void;
}

/** Carries entries from a store into a pool, only as many as it can take, and what came of them back. */
export class Feed {
  readonly #spec: TaskSourceSpec;
  readonly #ports: FeedPorts;
  /** Taken and not handed in, since others were quicker to fill the pool. */
  readonly #backlog: Entry[] = [];
  readonly #settling = new Set<Promise<void>>();
  #underWay = 0;
  #refusals = 0;
  #isBraked = false;
  #isStopped = false;
  #wake: () => void = () => undefined;
  #cancelRoom: Cancel | null = null;
  #cancelBrake: Cancel = () => undefined;

  constructor(spec: TaskSourceSpec, ports: FeedPorts) {
    this.#spec = spec;
    this.#ports = ports;
  }

  /** Entries that have become tasks and wait for their answers. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Ends after `stop`, when all that was taken has been settled. */
  async run(): Promise<void> {
    while (!this.#isStopped) {
      this.#submit();
      const want = this.#want();
      if (want > 0) this.#backlog.push(...(await this.#ports.store.take(want)));
      else await this.#change();
    }
    for (const entry of this.#backlog.splice(0).toReversed()) await this.#settle(entry, { do: "back" });
    while (this.#underWay > 0) await this.#change();
    while (this.#settling.size > 0) await Promise.all(this.#settling);
  }

  /** Nothing more is taken; a `take` under way must be ended by its owner. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelRoom?.();
    this.#cancelBrake();
    this.#wake();
  }

  #want(): number {
    if (this.#isBraked || this.#backlog.length > 0) return 0;
    const { appetite, room } = this.#ports.inlet;
    // Without any worker there is no appetite, and a task must wait there for one to be started.
    return Math.min(Math.max(1, appetite) - this.#underWay, room);
  }

  /** Resolves when something has changed that bears on how much is wanted. */
  async #change(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const isFull = this.#ports.inlet.room <= 0;
    if (isFull && !this.#isStopped && !this.#isBraked) {
      this.#cancelRoom ??= this.#ports.inlet.whenRoom(() => {
        this.#cancelRoom = null;
        this.#wake();
      });
    }
    const cancel = isFull ? null : this.#ports.clock.after(lookAgainMs, resolve);
    await promise;
    cancel?.();
  }

  #submit(): void {
    while (!this.#isStopped && !this.#isBraked && this.#ports.inlet.room > 0) {
      const entry = this.#backlog.shift();
      if (entry === undefined) return;
      this.#handIn(entry);
    }
  }

  #handIn(entry: Entry): void {
    const payload = this.#payload(entry);
    if (typeof payload !== "string") {
      this.#later(entry, this.#ports.giveUp(entry, payload));
      return;
    }
    this.#underWay++;
    const request = { payload, timeoutMs: null, retries: null, priority: 0, key: null, chain: [] };
    this.#ports.inlet.submit(request, (answer) => {
      this.#underWay--;
      const settlement = this.#ports.decide(entry, answer);
      if (settlement.do === "back") this.#slowDown();
      else this.#refusals = 0;
      this.#later(entry, settlement);
      this.#wake();
    });
  }

  #payload(entry: Entry): string | TaskError {
    const { maxBytes } = this.#ports.inlet;
    if (entry.attempts >= this.#spec.maxAttempts)
      return { code: "lost", message: `pm died while it was at work, in ${entry.attempts} attempts`, details: null };
    if (entry.text === null) {
      const message = `it has ${entry.bytes} bytes, and ${maxBytes} are allowed`;
      return { code: "too_large", message, details: null };
    }
    if (Buffer.byteLength(entry.text) !== entry.bytes)
      return { code: "failed", message: "it is not valid UTF-8", details: null };
    const payload = payloadOf(entry.text, this.#spec.format);
    return payload.ok ? payload.payload : { code: "failed", message: payload.why, details: null };
  }

  #slowDown(): void {
    if (this.#isBraked || this.#isStopped) return;
    this.#isBraked = true;
    this.#refusals++;
    this.#cancelBrake = this.#ports.clock.after(backoffDelayMs(brake, this.#refusals, Math.random()), () => {
      this.#isBraked = false;
      this.#wake();
    });
  }

  #later(entry: Entry, settlement: Settlement): void {
    const settling = this.#settle(entry, settlement).finally(() => this.#settling.delete(settling));
    this.#settling.add(settling);
  }

  async #settle(entry: Entry, settlement: Settlement): Promise<void> {
    await this.#ports.store.settle(entry.id, settlement);
    this.#ports.settled(settlement);
  }
}

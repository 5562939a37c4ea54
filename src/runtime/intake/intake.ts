import type { LogLevel } from "../../core/farm/log-record.ts";
import type { TaskSourceSpec } from "../../core/farm/tasks-spec.ts";
import { afterAnswer, type Settlement } from "../../core/intake/settlement.ts";
import { afterJobAnswer } from "../../core/intake/sidekiq-job.ts";
import type { TaskError } from "../../core/tasks/task.ts";
import { placeOf } from "../../queues/place.ts";
import { oneLine, secretsOf } from "../../queues/secrets.ts";
import type { Cancel, Clock } from "../host.ts";
import type { TaskInlet } from "../tasks/task-ports.ts";
import type { Entry, EntryStore } from "./entry-store.ts";
import { Feed } from "./feed.ts";
import { ListStore } from "./list-store.ts";
import { RareNotice } from "./rare-notice.ts";
import { RedisLink } from "./redis-link.ts";
import { SidekiqDue } from "./sidekiq-due.ts";
import { StreamStore } from "./stream-store.ts";

/** What became of entries, since it was opened. */
export interface IntakeFigures {
  readonly done: number;
  readonly retried: number;
  /** Those in the dead-letter queue, and those Sidekiq wants thrown away. */
  readonly givenUp: number;
  /** Not tried, and put back. */
  readonly putBack: number;
  /** From pms that showed no sign of life, or gave them back. */
  readonly takenOver: number;
  /** Now. */
  readonly underWay: number;
  readonly isAway: boolean;
}

/** What an intake needs of the world. */
export interface IntakeWorld {
  readonly clock: Clock;
  /** Hostname and farm: tells this pm from all others at the same queue, and is the same after a restart. */
  readonly node: string;
  /** A record for pm's log, without credentials. */
  notice(level: LogLevel, message: string, context: Readonly<Record<string, string | number>>): void;
}

/** A queue that is being fed to a pool. */
export interface Intake {
  /**
   * Takes no more, waits for the answers of those under way (the pool must give them), puts back what was not begun, and closes. While Redis
   * is away nothing is waited for: the next pm finds it all there.
   */
  stop(): Promise<void>;
  /** Entries nobody has taken yet, as last seen; each question has it looked up again. Null: not known. */
  depth(): number | null;
  readonly figures: IntakeFigures;
}

/** Feeds a queue in Redis to a pool: at least once, and acknowledged after the answer. Never throws; outages are told by `notice`. */
export function openIntake(consumer: string, source: TaskSourceSpec, inlet: TaskInlet, world: IntakeWorld): Intake {
  return new OpenIntake(consumer, source, inlet, world);
}

class OpenIntake implements Intake {
  readonly #consumer: string;
  readonly #source: TaskSourceSpec;
  readonly #world: IntakeWorld;
  readonly #queue: string;
  readonly #link: RedisLink;
  readonly #store: EntryStore;
  readonly #feed: Feed;
  readonly #due: SidekiqDue | null;
  readonly #givenUp: RareNotice<TaskError>;
  readonly #feeding: Promise<void>;
  readonly #counts = { done: 0, retried: 0, givenUp: 0, putBack: 0, takenOver: 0 };
  #isAway = false;
  #depth: number | null = null;
  #isLooking = false;
  #isOver = false;
  #cancelBeat: Cancel = () => undefined;
  #beating: Promise<void> | null = null;
  #stopping: Promise<void> | null = null;

  constructor(consumer: string, source: TaskSourceSpec, inlet: TaskInlet, world: IntakeWorld) {
    this.#consumer = consumer;
    this.#source = source;
    this.#world = world;
    const { clock } = world;
    const { shape } = source;
    const queue = { kind: "redis", url: source.url, key: shape.key } as const;
    const queueSpec =
      shape.kind === "list"
        ? ({ ...queue, shape: "list" } as const)
        : ({ ...queue, shape: "stream", group: shape.group } as const);
    this.#queue = placeOf(queueSpec);
    const secrets = secretsOf(queueSpec);
    this.#link = new RedisLink(source.url, {
      clock,
      prepare: (send) => this.#store.prepare(send),
      away: (why) => this.#away(oneLine(why, secrets)),
      back: () => this.#back(),
    });
    const me = `${world.node}/${consumer}`;
    const ports = { clock, link: this.#link };
    this.#store =
      shape.kind === "list"
        ? new ListStore(shape.key, source, me, inlet.maxBytes, ports)
        : new StreamStore(shape, source, me, inlet.maxBytes, ports);
    const isSidekiq = source.format === "sidekiq" && shape.kind === "list";
    this.#due = isSidekiq ? new SidekiqDue(shape.key, clock, this.#link) : null;
    this.#givenUp = new RareNotice(clock, (error, more) => this.#tellGivenUp(error, more));
    this.#feed = new Feed(source, {
      clock,
      inlet,
      store: this.#store,
      decide: (entry, answer) =>
        isSidekiq && entry.text !== null
          ? afterJobAnswer(answer, entry.text, {
              epochMs: clock.epochMs(),
              random: Math.random(),
              list: shape.key,
              maxAttempts: source.maxAttempts,
            })
          : afterAnswer(answer, entry.attempts, source.maxAttempts),
      giveUp: (entry, error) => this.#giveUp(entry, error, isSidekiq),
      settled: (settlement) => this.#settled(settlement),
    });
    this.#link.open();
    this.#feeding = this.#feed.run();
    void this.#due?.look();
    this.#beatLater();
  }

  get figures(): IntakeFigures {
    return { ...this.#counts, underWay: this.#feed.underWay, isAway: this.#isAway };
  }

  depth(): number | null {
    void this.#look();
    return this.#depth;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#due?.stop();
    this.#feed.stop();
    this.#link.leave();
    void this.#link.stir();
    // What is under way is held until it is answered, so the signs of life go on.
    await this.#feeding;
    this.#isOver = true;
    this.#cancelBeat();
    await this.#beating;
    await this.#store.leave();
    this.#link.close();
    this.#givenUp.end();
  }

  #beatLater(): void {
    this.#cancelBeat = this.#world.clock.after(this.#source.reclaimMs / 3, () => {
      this.#beating = this.#beat();
    });
  }

  async #beat(): Promise<void> {
    const takenOver = await this.#store.beat();
    this.#counts.takenOver += takenOver;
    if (takenOver > 0)
      this.#notice("warning", "task queue: entries of another pm taken over", {
        entries: takenOver,
      });
    if (!this.#isOver) this.#beatLater();
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.#depth = await this.#store.depth();
    this.#isLooking = false;
  }

  #giveUp(entry: Entry, error: TaskError, isSidekiq: boolean): Settlement {
    if (!isSidekiq) return { do: "lay_aside", error, attempts: entry.attempts };
    return { do: "bury", atMs: this.#world.clock.epochMs(), job: null, error };
  }

  #settled(settlement: Settlement): void {
    switch (settlement.do) {
      case "done":
        this.#counts.done++;
        break;
      case "back":
        this.#counts.putBack++;
        break;
      case "retry_at":
        this.#counts.retried++;
        this.#due?.dueAt(settlement.atMs);
        break;
      case "again":
        this.#counts.retried++;
        break;
      case "lay_aside":
      case "bury":
      case "discard":
        this.#counts.givenUp++;
        this.#givenUp.happened(settlement.error);
        break;
    }
  }

  #tellGivenUp(error: TaskError, more: number): void {
    const { code, message } = error;
    const others = more === 0 ? {} : { others: more };
    this.#notice("warning", "task queue: an entry was given up", { code, error: message, ...others });
  }

  #away(why: string): void {
    this.#isAway = true;
    this.#depth = null;
    this.#notice("warning", "task queue: away, trying again", { error: why });
  }

  #back(): void {
    this.#isAway = false;
    this.#notice("info", "task queue: back", {});
  }

  #notice(level: LogLevel, message: string, context: Readonly<Record<string, string | number>>): void {
    this.#world.notice(level, message, { consumer: this.#consumer, queue: this.#queue, ...context });
  }
}

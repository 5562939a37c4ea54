import type { ConsumerSpec } from "../../core/farm/spec.ts";
import { sameValue } from "../../core/farm/same-value.ts";
import type { Lane } from "./lane.ts";
import type { TaskPool } from "./task-pool.ts";
import type { ProcessTasks, TaskHost } from "./task-ports.ts";

interface ServerLane {
  readonly tasks: ProcessTasks;
  readonly lane: Lane & { close(): void };
  busy: number;
  /** It ends when it has nothing at work. */
  retired: boolean;
}

/**
 * The connections of a consumer whose tasks are done by a server that is there already, such as php-fpm. To the pool of tasks each is
 * what a worker is elsewhere; their numbers are below 0, since no process of pm's stands behind them.
 */
export class ServerLanes {
  readonly #pool: TaskPool;
  readonly #host: TaskHost;
  readonly #idle: () => void;
  readonly #lanes = new Map<number, ServerLane>();
  #spec: ConsumerSpec | null = null;
  #lastNumber = 0;

  /** `idle` is called whenever the last task at work has been answered. */
  constructor(pool: TaskPool, host: TaskHost, idle: () => void) {
    this.#pool = pool;
    this.#host = host;
    this.#idle = idle;
  }

  /** Tasks at work. */
  get busy(): number {
    let busy = 0;
    for (const lane of this.#lanes.values()) busy += lane.busy;
    return busy;
  }

  /** As many connections as the definition asks for; null asks for none. Another definition of the server replaces them all. */
  adopt(spec: ConsumerSpec | null): void {
    const fastcgi = spec?.tasks?.fastcgi ?? null;
    if (sameValue(fastcgi, this.#spec?.tasks?.fastcgi ?? null)) return;
    this.#spec = spec;
    for (const number of this.#lanes.keys()) this.#retire(number);
    if (fastcgi === null || fastcgi.address === null) return;
    for (let count = 0; count < fastcgi.connections; count++) this.#open();
  }

  /** What is at work is lost. */
  close(): void {
    this.#spec = null;
    for (const [number, { tasks, lane }] of this.#lanes) {
      this.#lanes.delete(number);
      lane.close();
      tasks.lost("pm has closed the connection");
      this.#pool.leave(number);
    }
    this.#idle();
  }

  #open(): void {
    const spec = this.#spec;
    const address = spec?.tasks?.fastcgi?.address ?? null;
    if (spec === null || address === null) return;
    const number = --this.#lastNumber;
    let tasks: ProcessTasks | null = null;
    const lane = this.#host.connect(address, spec, {
      answered: (id, answer) => tasks?.answered(id, answer),
      problem: (kind, excerpt) => tasks?.problem(kind, excerpt),
      broken: (why) => tasks?.broken(why),
    });
    tasks = this.#pool.attach(number, lane, {
      busyChanged: (busy) => this.#busyChanged(number, busy),
      ran: () => {},
      replace: () => this.#replace(number),
    });
    this.#lanes.set(number, { tasks, lane, busy: 0, retired: false });
    tasks.open();
  }

  #busyChanged(number: number, busy: number): void {
    const changed = this.#lanes.get(number);
    if (changed === undefined) return;
    changed.busy = busy;
    if (busy === 0 && changed.retired) this.#drop(number, changed);
    if (this.busy === 0) this.#idle();
  }

  #retire(number: number): void {
    const retired = this.#lanes.get(number);
    if (retired === undefined) return;
    retired.retired = true;
    retired.tasks.close();
    if (retired.busy === 0) this.#drop(number, retired);
  }

  #replace(number: number): void {
    const replaced = this.#lanes.get(number);
    if (replaced === undefined) return;
    this.#drop(number, replaced);
    if (!replaced.retired) this.#open();
  }

  #drop(number: number, { tasks, lane }: ServerLane): void {
    this.#lanes.delete(number);
    lane.close();
    tasks.lost("its connection was closed");
    this.#pool.leave(number);
  }
}

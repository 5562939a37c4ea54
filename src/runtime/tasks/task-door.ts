import type { TaskFigures } from "../../core/tasks/task-figures.ts";
import { isAtRest } from "../../core/supervision/lifecycle.ts";
import type { Consumer } from "../consumer.ts";
import type { ConsumerOwner } from "../consumer-owner.ts";
import type { Host } from "../host.ts";
import { ConsumerTasks, type Refusal } from "./consumer-tasks.ts";
import type { TaskPool } from "./task-pool.ts";

const shuttingDown = { code: "shutting_down", message: "pm is shutting down" } as const;

/** Whether a consumer takes tasks, by its definition and by what holds for all of it now. */
export class TaskDoor {
  readonly #consumer: Consumer;
  readonly #host: Host;
  readonly #owner: ConsumerOwner;
  #tasks: ConsumerTasks | null = null;
  #begun = false;

  constructor(consumer: Consumer, host: Host, owner: ConsumerOwner) {
    this.#consumer = consumer;
    this.#host = host;
    this.#owner = owner;
  }

  /** Null when its workers fetch their own work. */
  get pool(): TaskPool | null {
    return this.#tasks?.pool ?? null;
  }

  /** Tasks not begun; null when it takes none. */
  get waiting(): number | null {
    return this.#tasks?.waiting ?? null;
  }

  /** Nothing is at work at the server that it has instead of workers. */
  get idle(): boolean {
    return (this.#tasks?.busyAtServer ?? 0) === 0;
  }

  figures(): TaskFigures | null {
    return this.#tasks?.figures() ?? null;
  }

  /** Its definition is another. */
  adopt(): void {
    const { spec } = this.#consumer;
    if (spec.tasks === null) {
      this.#tasks?.stop({ code: "unavailable", message: `${spec.name} takes no tasks any more` }, 0);
      this.#tasks?.close();
      this.#tasks = null;
    } else if (this.#tasks === null) {
      this.#tasks = new ConsumerTasks(spec, spec.tasks, this.#host, {
        wanted: () => this.#wakeUp(),
        idle: () => {
          if (this.#consumer.removed || this.#owner.stopping) this.#owner.shrunk(this.#consumer, 0);
        },
      });
      this.admit();
      if (this.#begun) this.#tasks.begin();
    } else this.#tasks.adopt(spec, spec.tasks);
  }

  /** Tasks may come from now on. */
  begin(): void {
    this.#begun = true;
    this.#tasks?.begin();
  }

  /** What holds for all of the consumer has changed. */
  admit(): void {
    this.#tasks?.refuse(this.#refusal());
  }

  /** It ends; what a server has in hand gets as long as a worker would, and `capMs` at most. */
  stop(cause: "shutdown" | "removed", capMs: number | null): void {
    const { name, stopTimeoutMs } = this.#consumer.spec;
    const timeoutMs = stopTimeoutMs === 0 ? (capMs ?? 0) : Math.min(stopTimeoutMs, capMs ?? Number.POSITIVE_INFINITY);
    const leaving = { code: "unavailable", message: `${name} is leaving the farm` } as const;
    this.#tasks?.stop(cause === "shutdown" ? shuttingDown : leaving, timeoutMs);
  }

  close(): void {
    this.#tasks?.close();
  }

  #refusal(): Refusal {
    const { spec, removed, held, parked, workers } = this.#consumer;
    const { name } = spec;
    const refused = (why: string): Refusal => ({ code: "unavailable", message: `${name} ${why}` });
    if (this.#owner.stopping) return shuttingDown;
    if (removed) return refused("is leaving the farm");
    if (held === "stopped") return refused(`is stopped; pm start ${name} starts it`);
    if (parked !== null) return refused(`is parked: ${parked}; pm start ${name} starts it`);
    const over = workers.length > 0 && workers.every(({ state }) => isAtRest(state));
    return over ? refused(`has no worker that will run again; pm start ${name} starts them`) : null;
  }

  /** A task has come while there is no worker: it need not wait for the next look of the autoscaler. */
  #wakeUp(): void {
    const { target, plannedSize } = this.#consumer;
    if (target === 0 && plannedSize.kind === "autoscaled" && !this.#owner.stopping) this.#consumer.resize(1);
  }
}

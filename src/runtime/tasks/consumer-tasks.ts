import type { ConsumerSpec } from "../../core/farm/spec.ts";
import type { TasksSpec, TaskSourceSpec } from "../../core/farm/tasks-spec.ts";
import { sameValue } from "../../core/farm/same-value.ts";
import type { TaskProtocolErrorKind } from "../../core/tasks/task.ts";
import type { TaskFigures } from "../../core/tasks/task-figures.ts";
import type { Cancel, Host } from "../host.ts";
import { ServerLanes } from "./server-lanes.ts";
import { TaskPool } from "./task-pool.ts";
import type { Intake } from "./task-ports.ts";

/** A violation of the protocol is told at once, and the next of its kind after so long. */
const problemIntervalMs = 10_000;

/** What the tasks of a consumer tell it. */
export interface ConsumerTasksOwner {
  /** A task waits, and there is no worker. */
  wanted(): void;
  /** Nothing is at work any more at the server it has instead of workers. */
  idle(): void;
}

/** Why a consumer takes no tasks; null when it takes them. */
export type Refusal = { readonly code: "unavailable" | "shutting_down"; readonly message: string } | null;

/** The tasks of one consumer: those that wait and those at work, the queue some of them come from, and the server that does them where that is no worker. */
export class ConsumerTasks {
  readonly pool: TaskPool;
  readonly #host: Host;
  readonly #servers: ServerLanes;
  #spec: ConsumerSpec;
  #tasks: TasksSpec;
  #refusal: Refusal = null;
  #intake: { readonly source: TaskSourceSpec; readonly open: Intake } | null = null;
  #begun = false;
  readonly #problems = new Map<TaskProtocolErrorKind, { untold: number; againAtMs: number }>();
  #cancelStop: Cancel = () => {};

  constructor(spec: ConsumerSpec, tasks: TasksSpec, host: Host, owner: ConsumerTasksOwner) {
    this.#spec = spec;
    this.#tasks = tasks;
    this.#host = host;
    this.pool = new TaskPool(spec.name, tasks, {
      clock: host.clock,
      wanted: () => owner.wanted(),
      problem: (worker, kind, excerpt) => this.#problem(worker, kind, excerpt),
    });
    this.#servers = new ServerLanes(this.pool, host.tasks, () => owner.idle());
  }

  /** Tasks may come, even after `stop`. */
  begin(): void {
    this.#begun = true;
    this.#cancelStop();
    this.#settle();
  }

  /** Another definition. */
  adopt(spec: ConsumerSpec, tasks: TasksSpec): void {
    this.#spec = spec;
    this.#tasks = tasks;
    this.pool.adopt(tasks);
    this.#settle();
  }

  /** Whether tasks are taken; those that wait are answered so when they are not. */
  refuse(refusal: Refusal): void {
    if (sameValue(refusal, this.#refusal)) return;
    this.#refusal = refusal;
    this.#settle();
    if (refusal === null) this.pool.admit();
    else this.pool.refuse(refusal.code, refusal.message);
  }

  /** It is over: what a server still has in hand may take so long; 0 waits for ever. */
  stop(refusal: NonNullable<Refusal>, timeoutMs: number): void {
    this.#begun = false;
    this.refuse(refusal);
    this.#cancelStop();
    if (timeoutMs > 0 && this.#servers.busy > 0)
      this.#cancelStop = this.#host.clock.after(timeoutMs, () => this.#servers.close());
    else if (this.#servers.busy === 0) this.#servers.close();
  }

  /** Nothing of it is left: no timer, no connection. */
  close(): void {
    this.#cancelStop();
    this.#servers.close();
  }

  /** Tasks at work at a server that is no worker of pm. */
  get busyAtServer(): number {
    return this.#servers.busy;
  }

  /** Not begun: here, and in the queue they come from as far as that is known. */
  get waiting(): number {
    return this.pool.waiting + (this.#intake?.open.depth() ?? 0);
  }

  figures(): TaskFigures {
    return this.pool.figures();
  }

  /** A worker can do the same thing wrong a hundred thousand times a second: it is told now and then, and always counted. */
  #problem(worker: number, kind: TaskProtocolErrorKind, excerpt: string): void {
    const nowMs = this.#host.clock.nowMs();
    const told = this.#problems.get(kind) ?? { untold: 0, againAtMs: nowMs };
    this.#problems.set(kind, told);
    told.untold += 1;
    if (nowMs < told.againAtMs) return;
    this.#host.emit({
      type: "task_problem",
      consumer: this.#spec.name,
      offender: worker < 0 ? null : worker,
      kind,
      excerpt,
      count: told.untold,
    });
    told.untold = 0;
    told.againAtMs = nowMs + problemIntervalMs;
  }

  #settle(): void {
    const wanted = this.#begun && this.#refusal === null;
    this.#servers.adopt(this.#begun ? this.#spec : null);
    const source = wanted ? this.#tasks.from : null;
    if (sameValue(source, this.#intake?.source ?? null)) return;
    void this.#intake?.open.stop();
    this.#intake =
      source === null ? null : { source, open: this.#host.tasks.openIntake(this.#spec, source, this.pool) };
  }
}

import type { ReloadOutcome, Requester } from "../core/farm/operations.ts";
import { describePlan, took } from "../core/farm/operation-text.ts";
import { isEmpty, planReload } from "../core/farm/plan-reload.ts";
import type { ReloadPlan } from "../core/farm/reload-plan.ts";
import { sameValue } from "../core/farm/same-value.ts";
import type { ConsumerSpec, FarmSpec } from "../core/farm/spec.ts";
import { reloadUnavailable } from "../core/supervision/rolling.ts";
import type { Consumer } from "./consumer.ts";
import type { Host } from "./host.ts";
import type { Operator } from "./operator.ts";
import { isRestartable, type RollingResult, restartRolling } from "./rolling-restart.ts";
import { type Listen, StartWatch } from "./start-watch.ts";
import type { Supervisor } from "./supervisor.ts";
import type { Worker } from "./worker.ts";

/** A consumer whose processes are to be replaced. */
interface Replacement {
  readonly consumer: Consumer;
  readonly before: ConsumerSpec;
  readonly after: ConsumerSpec;
}

/** Leads the running farm from one definition to the next. It owns the definition that holds now. */
export class Reloader {
  readonly #supervisor: Supervisor;
  readonly #operator: Operator;
  readonly #host: Pick<Host, "clock" | "emit">;
  readonly #listen: Listen;
  /** Definitions that did not work, of consumers that stay as they were for that. */
  readonly #refused = new Map<string, ConsumerSpec>();
  #spec: FarmSpec;
  #busy = false;

  constructor(
    spec: FarmSpec,
    supervisor: Supervisor,
    operator: Operator,
    host: Pick<Host, "clock" | "emit">,
    listen: Listen,
  ) {
    this.#spec = spec;
    this.#supervisor = supervisor;
    this.#operator = operator;
    this.#host = host;
    this.#listen = listen;
  }

  /** True while a reload is under way. */
  get busy(): boolean {
    return this.#busy;
  }

  /** What it would take; nothing is done. */
  plan(next: FarmSpec): ReloadPlan {
    return planReload(this.#spec, next);
  }

  /**
   * Takes on another definition. Where processes must be replaced, one of each such consumer goes first: if one of these fails, all is put
   * back and nothing has changed. Then the rest, and the rolling restarts; a consumer in which a later one fails goes back to what it was.
   * With `scope: each` a consumer whose first one fails stays as it was all by itself, until it has another definition. `warnings` are told along.
   * `taken` is called when the new definition holds, but for what had to be put back: consumers that were removed may take their time to
   * end, and the next change need not wait for them.
   */
  async apply(
    wanted: FarmSpec,
    who: Requester,
    warnings: readonly string[],
    scope: "whole" | "each" = "whole",
    taken: () => void = () => {},
  ): Promise<ReloadOutcome> {
    if (scope === "whole") this.#refused.clear(); // a person knows better
    let next = this.#without(wanted, this.#refused);
    let plan = this.plan(next);
    const outcome = (result: ReloadOutcome["result"], message: string): ReloadOutcome => {
      const told = { result, message, problems: warnings, plan };
      this.#host.emit({ type: "reloaded", who, outcome: told });
      return told;
    };
    if (this.#supervisor.stopping) return outcome("conflict", "pm is shutting down");
    if (isEmpty(plan)) {
      const unchanged = "nothing has changed";
      // A program says so again and again: that is no news.
      return scope === "whole"
        ? outcome("done", unchanged)
        : { result: "done", message: unchanged, problems: [], plan };
    }
    if (this.#busy) return outcome("conflict", "a reload is under way; wait for its end");
    let replacements = this.#replacements(plan, next);
    const claimed = replacements.filter(({ after }) => this.#operator.claim(after.name)).map(({ after }) => after.name);
    this.#busy = true;
    const sinceMs = this.#host.clock.nowMs();
    let gone: Promise<unknown>;
    let failures: readonly string[];
    try {
      if (claimed.length < replacements.length)
        return outcome("conflict", "a rolling restart is under way; wait for its end");
      const refused = await this.#tryOne(replacements, scope);
      if (this.#supervisor.stopping) return outcome("conflict", "pm is shutting down");
      const [first] = refused;
      if (first !== undefined && scope === "whole") return outcome("failed", `${first.why}; all is as it was`);
      for (const { after } of refused) this.#refused.set(after.name, after);
      next = this.#without(next, this.#refused);
      plan = this.plan(next);
      replacements = this.#replacements(plan, next);
      const settled = this.#watchOthers(plan);
      gone = this.#untilRemoved(plan);
      this.#change(plan, next, new Set(replacements.map(({ after }) => after.name)));
      const others = await Promise.all([this.#replace(replacements), settled()]);
      failures = [...refused.map(({ why }) => `${why}; it stays as it was`), ...others.flat()];
    } finally {
      for (const name of claimed) this.#operator.release(name);
      this.#busy = false;
    }
    taken();
    await gone; // which may take as long as a message does
    const tookMs = this.#host.clock.nowMs() - sinceMs;
    return outcome(
      failures.length === 0 ? "done" : "failed",
      [...(isEmpty(plan) ? [] : [`${describePlan(plan)} in ${took(tookMs)}`]), ...failures].join("; "),
    );
  }

  #replacements({ consumers }: ReloadPlan, next: FarmSpec): readonly Replacement[] {
    const changed = new Set(consumers.filter(({ kind }) => kind === "restart").map(({ consumer }) => consumer));
    return next.consumers.flatMap((after) => {
      const consumer = this.#consumer(after.name);
      return consumer !== undefined && changed.has(after.name) ? [{ consumer, before: consumer.spec, after }] : [];
    });
  }

  /** From before the change on; the returned function waits for consumers that join or grow, and tells which workers do not do well. */
  #watchOthers({ consumers }: ReloadPlan): () => Promise<readonly string[]> {
    const watched = consumers
      .filter(({ kind }) => kind === "added" || kind === "resized")
      .map(({ consumer: name }) => {
        const workers = (): readonly Worker[] => this.#consumer(name)?.workers ?? [];
        return {
          name,
          workers,
          before: new Set(workers()),
          watch: new StartWatch(name, workers, this.#host.clock, this.#listen),
        };
      });
    return async () => {
      const failures = await Promise.all(
        watched.map(async ({ name, workers, before, watch }) => {
          const fresh = workers().filter((worker) => !before.has(worker) && !worker.paused && !worker.leaving);
          const results = await watch.ofAll(fresh);
          watch.close();
          const bad = results.find(({ why }) => why !== null);
          return bad === undefined ? [] : [`${name}: worker ${bad.ref.worker} failed: ${bad.why}`];
        }),
      );
      return failures.flat();
    };
  }

  /** From before the change on: until all that leave have gone, or are back, or the farm stops. */
  #untilRemoved({ consumers }: ReloadPlan): Promise<void> {
    const left = new Set(consumers.filter(({ kind }) => kind === "removed").map(({ consumer }) => consumer));
    if (left.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const unlisten = this.#listen((event) => {
        if (event.type === "consumer_removed" || event.type === "consumer_added") left.delete(event.consumer);
        if (left.size > 0 && event.type !== "shutting_down") return;
        unlisten();
        resolve();
      });
    });
  }

  #consumer(name: string): Consumer | undefined {
    return this.#supervisor.consumer(name);
  }

  /** The same, but for consumers that are to stay as they are because they have just this definition and it did not work. */
  #without(wanted: FarmSpec, refused: ReadonlyMap<string, ConsumerSpec>): FarmSpec {
    const current = new Map(this.#spec.consumers.map((spec) => [spec.name, spec]));
    const consumers = wanted.consumers.map((spec) =>
      sameValue(spec, refused.get(spec.name)) ? (current.get(spec.name) ?? spec) : spec,
    );
    return { ...wanted, consumers };
  }

  /** One worker of each gets the new definition. Those in which it fails are told, and put back: with `whole` all are. */
  async #tryOne(
    replacements: readonly Replacement[],
    scope: "whole" | "each",
  ): Promise<readonly (Replacement & { readonly why: string })[]> {
    const tried = await Promise.all(
      replacements.map(async (each) => {
        each.consumer.unpark();
        const workers = restartable(each.consumer).slice(0, 1);
        return { ...each, ...(await this.#roll(each.consumer, workers, each.after)) };
      }),
    );
    const bad = tried.filter(({ failed }) => failed !== null);
    if (bad.length === 0) return [];
    for (const { consumer, before } of scope === "whole" ? tried : bad) this.#putBack(consumer, before);
    const told = bad.map(({ consumer, before, after, failed }) => {
      return { consumer, before, after, why: describeFailure({ after, failed }) };
    });
    if (scope === "each") for (const { consumer, why } of told) consumer.problem = why;
    return told;
  }

  #change({ consumers }: ReloadPlan, next: FarmSpec, replaced: ReadonlySet<string>): void {
    for (const { consumer, kind } of consumers) {
      if (kind !== "removed") continue;
      this.#refused.delete(consumer);
      this.#consumer(consumer)?.remove();
    }
    this.#spec = { ...next, ...whatNeedsNewStart(this.#spec) };
    this.#supervisor.adopt(this.#spec);
    const changeOf = new Map(consumers.map((change) => [change.consumer, change]));
    for (const spec of next.consumers) {
      const change = changeOf.get(spec.name);
      if (change === undefined) continue;
      if (change.kind === "added") {
        this.#supervisor.add(spec);
        continue;
      }
      const consumer = this.#consumer(spec.name);
      if (consumer !== undefined) consumer.problem = null;
      this.#refused.delete(spec.name);
      if (replaced.has(spec.name)) consumer?.define(spec);
      else consumer?.adopt(spec);
      if (change.sizeBefore !== change.sizeAfter) consumer?.fitSize();
    }
  }

  /** The rest of the workers; a text for each consumer that had to be put back. */
  async #replace(replacements: readonly Replacement[]): Promise<readonly string[]> {
    return (await Promise.all(replacements.map((each) => this.#replaceOne(each)))).flat();
  }

  async #replaceOne({ consumer, before, after }: Replacement): Promise<readonly string[]> {
    // Again for those that a person has held, or let go on, meanwhile.
    for (;;) {
      const old = consumer.active.filter(({ spec }) => spec !== after);
      for (const worker of old) if (!isRestartable(worker)) adoptHeld(worker, after);
      const workers = old.filter(isRestartable);
      if (workers.length === 0) return [];
      const result = await this.#roll(consumer, workers, after);
      if (result.failed === null) continue;
      this.#spec = { ...this.#spec, consumers: this.#spec.consumers.map((each) => (each === after ? before : each)) };
      consumer.define(before);
      this.#putBack(consumer, before);
      this.#supervisor.adopt(this.#spec);
      consumer.fitSize();
      return [`${describeFailure({ after, ...result })}; put back as it was`];
    }
  }

  /** Those with another definition get this one again; that they do well is hoped, not waited for one by one. */
  #putBack(consumer: Consumer, spec: ConsumerSpec): void {
    for (const worker of consumer.workers.filter((each) => each.spec !== spec)) {
      if (!isRestartable(worker)) adoptHeld(worker, spec);
      else {
        worker.adopt(spec);
        worker.restart("reload");
      }
    }
  }

  #roll(consumer: Consumer, workers: readonly Worker[], spec: ConsumerSpec): Promise<RollingResult> {
    const maxUnavailable = reloadUnavailable(consumer.active.length);
    return restartRolling({ consumer, workers, maxUnavailable, cause: "reload", spec }, this.#host.clock, this.#listen);
  }
}

function restartable(consumer: Consumer): readonly Worker[] {
  return consumer.active.filter(isRestartable);
}

/** One that a person holds: a stopped one starts with it some day; the process of a paused one ends, and the next waits for `resume`. */
function adoptHeld(worker: Worker, spec: ConsumerSpec): void {
  if (worker.going) return; // its last process is that of its old definition
  worker.adopt(spec);
  if (worker.paused && !worker.leaving) worker.restart("reload");
}

/** What only another start of pm can change. */
function whatNeedsNewStart({ http, messageMetrics, onSlowSink, control, file }: FarmSpec): Partial<FarmSpec> {
  return { http, messageMetrics, onSlowSink, control, file };
}

function describeFailure({ after, failed }: Pick<Replacement, "after"> & Pick<RollingResult, "failed">): string {
  return failed === null
    ? ""
    : `${after.name}: worker ${failed.worker.ref.worker} failed with its new definition: ${failed.why}`;
}

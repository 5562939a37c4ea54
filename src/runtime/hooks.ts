import type { PmEvent } from "../core/farm/events.ts";
import type { FarmSpec, HookSpec } from "../core/farm/spec.ts";
import { type HookFact, hookFactsOf, waitsForEver } from "../core/hooks/hook-fact.ts";
import { HookLedger } from "./hook-ledger.ts";
import { hookName, type RunHook } from "./hook-run.ts";
import type { Cancel, Clock } from "./host.ts";

/** Hooks at work at the same time, and those that wait for one of these to end; what is beyond that is left out and counted. */
const mostRunning = 4;
const mostWaiting = 100;

/** How long the lines of a worker are waited for. */
const linesWithinMs = 1_000;

/** A worker without a deadline for its stop counts as stuck after this. */
const stuckAfterMs = 60_000;

/** At the end of the farm: how long hooks may still run, and how long they may take to die. */
const lastRunsMs = 2_000;
const lastDeathsMs = 1_000;

/** What hooks need of the world. */
export interface HookPorts {
  readonly clock: Clock;
  /** The farm as it is now, those consumers included that a program has named. */
  readonly farm: () => Pick<FarmSpec, "hooks" | "consumers" | "shutdownTimeoutMs">;
  /** The worker's last lines of stderr, at most `count`, oldest first; asked while the worker's exit is being told. */
  readonly lastStderr: (worker: number, count: number) => Promise<readonly string[]>;
  readonly run: RunHook;
  readonly emit: (event: PmEvent) => void;
}

interface Job {
  readonly hook: HookSpec;
  readonly fact: HookFact;
  readonly atEpochMs: number;
  readonly suppressed: number;
  readonly stderr: Promise<readonly string[]>;
}

/** Runs what is to run when something happens. It hears events, never holds them up, and its own failures are no events for hooks. */
export class Hooks {
  readonly #ports: HookPorts;
  readonly #ledger = new HookLedger();
  readonly #waiting: Job[] = [];
  readonly #running = new Set<AbortController>();
  /** By worker: what calls off the look at a worker without a deadline. */
  readonly #stopping = new Map<number, Cancel>();
  /** The farm whose hooks were looked for last. */
  #asked: { readonly farm: object; readonly wanted: boolean } | null = null;
  #idle = (): void => {};
  #ended = false;

  constructor(ports: HookPorts) {
    this.#ports = ports;
  }

  /** Returns at once, whatever is to run. */
  listen(event: PmEvent): void {
    if (this.#ended) return;
    if (event.type === "worker_stopping") this.#watchStop(event);
    if (event.type === "worker_exited") this.#forgetStop(event.worker);
    if (this.#areWanted()) for (const fact of hookFactsOf(event)) this.#tell(fact);
    if (event.type === "consumer_removed") this.#ledger.forget(event.consumer);
  }

  /** The end of the farm: what runs or waits gets two more seconds, or two thirds of `withinMs`, then it is killed. Nothing is left after. */
  async finish(withinMs = lastRunsMs + lastDeathsMs): Promise<void> {
    for (const worker of this.#stopping.keys()) this.#forgetStop(worker);
    await this.#idleWithin(Math.min(lastRunsMs, (withinMs * 2) / 3));
    this.#ended = true;
    for (const job of this.#waiting.splice(0)) this.#failed(job, "pm ended before it could run");
    for (const run of this.#running) run.abort("pm ended before it did");
    await this.#idleWithin(Math.min(lastDeathsMs, withinMs / 3));
  }

  /** Whether anybody has a hook; mostly nobody has, and events come by the thousand. */
  #areWanted(): boolean {
    const farm = this.#ports.farm();
    if (this.#asked?.farm === farm) return this.#asked.wanted;
    const wanted = farm.hooks.length > 0 || farm.consumers.some(({ hooks }) => hooks.length > 0);
    this.#asked = { farm, wanted };
    return wanted;
  }

  #tell(fact: HookFact): void {
    const { hooks, consumers } = this.#ports.farm();
    const own = consumers.find(({ name }) => name === fact.consumer)?.hooks ?? [];
    for (const hook of [...hooks, ...own]) if (hook.on === fact.on) this.#take(hook, fact);
  }

  #take(hook: HookSpec, fact: HookFact): void {
    const { clock } = this.#ports;
    if (this.#waiting.length >= mostWaiting) {
      this.#failed({ hook, fact, suppressed: 0 }, `${mostWaiting} others are waiting to run`);
      return;
    }
    const suppressed = this.#ledger.admit(hook, fact.consumer, clock.nowMs());
    if (suppressed === null) return;
    this.#waiting.push({ hook, fact, suppressed, atEpochMs: clock.epochMs(), stderr: this.#stderrOf(hook, fact) });
    this.#startWaiting();
  }

  /** Asked for now, while they are sure to be there. */
  async #stderrOf({ stderrLines }: HookSpec, { worker }: HookFact): Promise<readonly string[]> {
    if (stderrLines === 0 || worker === null) return [];
    const { promise: late, resolve } = Promise.withResolvers<readonly string[]>();
    const cancel = this.#ports.clock.after(linesWithinMs, () => resolve([]));
    try {
      return await Promise.race([this.#ports.lastStderr(worker, stderrLines), late]);
    } catch {
      return []; // an event without its lines is better than none
    } finally {
      cancel();
    }
  }

  #startWaiting(): void {
    while (this.#running.size < mostRunning) {
      const job = this.#waiting.shift();
      if (job === undefined) break;
      void this.#run(job);
    }
    if (this.#running.size === 0) this.#idle();
  }

  async #run(job: Job): Promise<void> {
    const { hook } = job;
    const run = new AbortController();
    this.#running.add(run);
    const cancel = this.#ports.clock.after(hook.timeoutMs, () => run.abort(`it took longer than ${hook.timeoutMs} ms`));
    const failure = await this.#attempt(job, run.signal);
    cancel();
    this.#running.delete(run);
    if (run.signal.aborted) this.#failed(job, String(run.signal.reason));
    else if (failure !== null) this.#failed(job, failure);
    this.#startWaiting();
  }

  async #attempt({ hook, fact, atEpochMs, suppressed, stderr }: Job, signal: AbortSignal): Promise<string | null> {
    try {
      return await this.#ports.run(hook, fact, { atEpochMs, stderr: await stderr, suppressed }, signal);
    } catch (error) {
      return String(error); // a hook is not worth the farm
    }
  }

  /** It did not get the event; the next run tells so. */
  #failed({ hook, fact, suppressed }: Pick<Job, "hook" | "fact" | "suppressed">, error: string): void {
    this.#ledger.missed(hook, fact.consumer, suppressed + 1);
    if (!this.#ledger.isWorthTelling(hook, this.#ports.clock.nowMs())) return;
    const context = { hook: hookName(hook), consumer: fact.consumer, error };
    this.#ports.emit({ type: "notice", level: "warning", message: "Hook failed.", context });
  }

  #watchStop(event: Extract<PmEvent, { type: "worker_stopping" }>): void {
    const { consumers, shutdownTimeoutMs } = this.#ports.farm();
    const { stopTimeoutMs } = consumers.find(({ name }) => name === event.consumer) ?? {
      stopTimeoutMs: shutdownTimeoutMs,
    };
    if (stopTimeoutMs !== 0) return;
    this.#forgetStop(event.worker);
    const look = (): void => this.#tell(waitsForEver(event, event.pid, stuckAfterMs));
    this.#stopping.set(event.worker, this.#ports.clock.after(stuckAfterMs, look));
  }

  #forgetStop(worker: number): void {
    this.#stopping.get(worker)?.();
    this.#stopping.delete(worker);
  }

  async #idleWithin(ms: number): Promise<void> {
    if (this.#running.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle = resolve;
    const cancel = this.#ports.clock.after(ms, resolve);
    await promise;
    cancel();
  }
}

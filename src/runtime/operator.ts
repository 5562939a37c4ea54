import type { OperationOutcome, OperationRequest, Requester } from "../core/farm/operations.ts";
import { describeStarts, plural, took } from "../core/farm/operation-text.ts";
import { hasProcess, isAtRest } from "../core/supervision/lifecycle.ts";
import type { Consumer } from "./consumer.ts";
import type { Host } from "./host.ts";
import { isRestartable, restartRolling } from "./rolling-restart.ts";
import { type Listen, watchStarts } from "./start-watch.ts";
import type { Supervisor } from "./supervisor.ts";
import { unknownConsumer, unknownSlot } from "./unknown-target.ts";
import type { Worker } from "./worker.ts";

/** A server that is there already does its work. */
const isServed = ({ spec }: Consumer): boolean => spec.command.length === 0;

/** Does what people ask of the running farm, and says what came of it. Every request is told to the farm's listeners, with who and why. */
export class Operator {
  readonly #supervisor: Supervisor;
  readonly #host: Pick<Host, "clock" | "emit">;
  readonly #listen: Listen;
  /** Consumers that are being restarted worker by worker; a second one would trip over the first. */
  readonly #rolling = new Set<string>();
  #lastId = 0;

  constructor(supervisor: Supervisor, host: Pick<Host, "clock" | "emit">, listen: Listen) {
    this.#supervisor = supervisor;
    this.#host = host;
    this.#listen = listen;
  }

  /** Begins at once. Resolves to the outcome, or without `wait` as soon as it has begun; never throws for what was asked. */
  async operate(request: OperationRequest, who: Requester, wait: boolean): Promise<OperationOutcome> {
    const found = this.#find(request);
    if ("result" in found) return found;
    const id = ++this.#lastId;
    this.#host.emit({ type: "operation_started", id, who, request });
    const ending = this.#do(request, found.consumer, found.worker).then((outcome) => {
      this.#host.emit({ type: "operation_ended", id, who, request, outcome });
      return outcome;
    });
    if (wait) return ending;
    return { result: "accepted", message: `${request.consumer}: ${request.action.replace("_", " ")} has begun` };
  }

  /** Keeps others from restarting this consumer meanwhile; false when somebody does already. */
  claim(consumer: string): boolean {
    if (this.#rolling.has(consumer)) return false;
    this.#rolling.add(consumer);
    return true;
  }

  release(consumer: string): void {
    this.#rolling.delete(consumer);
  }

  #find(request: OperationRequest): { consumer: Consumer; worker: Worker | null } | OperationOutcome {
    if (this.#supervisor.stopping) return conflict("pm is shutting down");
    const { consumers } = this.#supervisor;
    const consumer = consumers.find(({ spec }) => spec.name === request.consumer);
    if (consumer === undefined) return unknownConsumer(request.consumer, consumers);
    const restarts = request.action === "restart" || request.action === "rolling_restart";
    if (restarts && this.#rolling.has(request.consumer)) {
      return conflict(`${request.consumer}: a rolling restart is under way; wait for its end`);
    }
    const noRoom = request.action === "scale" ? this.#noRoom(consumer, request.size) : null;
    if (noRoom !== null) return noRoom;
    if (!("slot" in request) || request.slot === null) return { consumer, worker: null };
    const { slot } = request;
    const worker = consumer.workers.find(({ ref, state }) => ref.slot === slot && state !== "gone");
    return worker === undefined ? unknownSlot(request.consumer, slot, consumer) : { consumer, worker };
  }

  #do(request: OperationRequest, consumer: Consumer, worker: Worker | null): Promise<OperationOutcome> {
    switch (request.action) {
      case "start":
        return this.#start(consumer, worker);
      case "stop":
        return this.#stop(consumer, worker);
      case "restart":
        return this.#restart(consumer, worker);
      case "rolling_restart":
        return this.#rollingRestart(consumer, request.maxUnavailable);
      case "pause":
        return this.#pause(consumer, worker);
      case "resume":
        return this.#resume(consumer, worker);
      case "scale":
        return this.#scale(consumer, request.size);
      case "scale_auto":
        return this.#scaleAuto(consumer);
      case "signal":
        return this.#signal(request, consumer, worker);
    }
  }

  async #start(consumer: Consumer, worker: Worker | null): Promise<OperationOutcome> {
    const { name } = consumer.spec;
    const before = new Set(consumer.workers.filter((each) => each.runningSinceMs !== null && !each.leaving));
    return this.#starting(consumer, "started", () => {
      if (worker === null) consumer.start();
      else consumer.startWorker(worker);
      const affected = (worker === null ? consumer.workers : [worker]).filter(
        (each) => !before.has(each) && !each.leaving,
      );
      if (affected.length > 0) return affected;
      if (worker !== null || before.size > 0)
        return `${name}: ${worker === null ? "" : "that worker is "}running already`;
      if (isServed(consumer)) return `${name}: takes tasks`;
      return consumer.target === 0
        ? `${name}: its size is 0 now, so there is nothing to start`
        : `${name}: total_cap leaves no free slot; its workers start when others end`;
    });
  }

  async #restart(consumer: Consumer, worker: Worker | null): Promise<OperationOutcome> {
    return this.#starting(consumer, "restarted", () => {
      const affected = consumer.restart(worker, "restart");
      return affected.length > 0
        ? affected
        : `${consumer.spec.name}: it has no worker now, so there is nothing to restart`;
    });
  }

  /** Starts what `begin` starts, and waits for all of it; a text instead of workers is the whole outcome. */
  async #starting(
    consumer: Consumer,
    verb: string,
    begin: () => readonly Worker[] | string,
  ): Promise<OperationOutcome> {
    const sinceMs = this.#host.clock.nowMs();
    const watch = watchStarts(consumer, this.#host.clock, this.#listen);
    const affected = begin();
    if (typeof affected === "string") {
      watch.close();
      return done(affected);
    }
    const results = await watch.ofAll(affected);
    watch.close();
    return describeStarts(consumer.spec.name, verb, results, this.#host.clock.nowMs() - sinceMs);
  }

  async #rollingRestart(consumer: Consumer, maxUnavailable: number): Promise<OperationOutcome> {
    const { name } = consumer.spec;
    const sinceMs = this.#host.clock.nowMs();
    const workers = consumer.active.filter(isRestartable);
    if (workers.length === 0)
      return failed(`${name}: it has no worker to restart: none is there, or all are stopped or paused`);
    this.claim(name); // nobody else has: the request would have been refused
    consumer.unpark();
    const order = { consumer, workers, maxUnavailable, cause: "restart", spec: null } as const;
    const { restarted, failed: bad } = await restartRolling(order, this.#host.clock, this.#listen).finally(() =>
      this.release(name),
    );
    const tookMs = this.#host.clock.nowMs() - sinceMs;
    if (bad === null) {
      return done(`${name}: ${plural(restarted.length, "worker")} restarted one after the other in ${took(tookMs)}`);
    }
    const left = workers.length - restarted.length - 1;
    const { worker, slot } = bad.worker.ref;
    return failed(
      `${name}: worker ${worker} (slot ${slot}) failed: ${bad.why}; ` +
        `${restarted.length} restarted, ${left} left as they were`,
    );
  }

  async #stop(consumer: Consumer, worker: Worker | null): Promise<OperationOutcome> {
    const { name } = consumer.spec;
    const affected = worker === null ? consumer.workers.slice() : [worker];
    let killed = 0;
    const hadTasks = isServed(consumer) && consumer.held !== "stopped";
    const running = affected.filter(({ state }) => hasProcess(state) || state === "backoff");
    const sinceMs = this.#host.clock.nowMs();
    const unlisten = this.#listen((event) => {
      if (event.type === "worker_killed" && event.consumer === name) killed += 1;
    });
    if (worker === null) consumer.hold();
    else worker.stop("stopped");
    // One that is on its way no more has been started again.
    const ended = await this.#until(() => affected.every((each) => rests(each) || !each.leaving));
    unlisten();
    if (!ended) return conflict("pm is shutting down");
    if (!affected.every(rests)) return conflict(`${name}: started again meanwhile`);
    if (running.length === 0) return done(`${name}: ${hadTasks ? "takes no more tasks" : "stopped already"}`);
    const after = killed === 0 ? "" : `; ${killed} killed after stop_timeout`;
    const tookMs = this.#host.clock.nowMs() - sinceMs;
    return done(`${name}: ${plural(running.length, "worker")} stopped in ${took(tookMs)}${after}`);
  }

  async #pause(consumer: Consumer, worker: Worker | null): Promise<OperationOutcome> {
    const { name } = consumer.spec;
    if (isServed(consumer))
      return failed(`${name}: it has no process to pause; pm stop ${name} keeps tasks from its server`);
    const affected = worker === null ? consumer.workers : [worker];
    const resting = affected.every(({ state }) => isAtRest(state));
    if (resting && (affected.length > 0 || consumer.held === "stopped"))
      return failed(`${name}: nothing runs that could be paused`);
    if (worker === null) consumer.pause();
    else worker.pause();
    const here = affected.filter(({ paused, leaving }) => paused && !leaving);
    if (here.length === 0) return done(`${name}: paused; it has no worker now`);
    const still = await this.#until(() => here.every((each) => !each.paused || each.standsStill || each.leaving));
    if (!still) return conflict("pm is shutting down");
    if (here.some(({ paused, leaving }) => !paused || leaving))
      return conflict(`${name}: resumed or stopped meanwhile`);
    return done(`${name}: ${plural(here.length, "worker")} paused`);
  }

  async #resume(consumer: Consumer, worker: Worker | null): Promise<OperationOutcome> {
    const { name } = consumer.spec;
    const affected = (worker === null ? consumer.workers : [worker]).filter(({ paused }) => paused);
    const wasHeld = consumer.held === "paused";
    if (worker === null) consumer.resume();
    else consumer.resumeWorker(worker);
    return done(
      affected.length === 0 && !(wasHeld && worker === null)
        ? `${name}: not paused`
        : `${name}: ${plural(affected.length, "worker")} resumed`,
    );
  }

  async #scale(consumer: Consumer, size: number): Promise<OperationOutcome> {
    const { name } = consumer.spec;
    const before = consumer.active.length;
    return this.#resizing(
      consumer,
      `${before} → ${plural(size, "worker")} by hand, until pm scale ${name} --auto`,
      () => consumer.sizeByHand(size),
    );
  }

  /** Why it cannot have this size; null when it can. */
  #noRoom(consumer: Consumer, size: number): OperationOutcome | null {
    const { name } = consumer.spec;
    const served = `${name}: a server that is there already does its work, so it has no workers; set tasks.connections`;
    if (isServed(consumer) && size > 0) return conflict(served);
    const { length } = consumer.active;
    const most = length + Math.max(0, this.#supervisor.freeSlots());
    if (size <= most) return null;
    return conflict(
      `${name}: total_cap leaves room for ${most} of it now, not ${size}; scale something else down first`,
    );
  }

  async #scaleAuto(consumer: Consumer): Promise<OperationOutcome> {
    const { name, size } = consumer.spec;
    const whose = size.kind === "static" ? `what the file says (${size.processes})` : "the autoscaler";
    if (!consumer.sizedByHand) return done(`${name}: its size is up to ${whose} already`);
    return this.#resizing(consumer, `its size is up to ${whose} again`, () => consumer.sizeByHand(null));
  }

  async #resizing(consumer: Consumer, what: string, resize: () => void): Promise<OperationOutcome> {
    const { name } = consumer.spec;
    if (consumer.held === "stopped") {
      resize();
      return done(`${name}: ${what}; it is stopped, so nothing was started`);
    }
    const before = new Set(consumer.workers);
    const watch = watchStarts(consumer, this.#host.clock, this.#listen);
    resize();
    const leaving = consumer.workers.filter(({ going }) => going);
    const fresh = consumer.workers.filter((worker) => !before.has(worker) && !worker.paused);
    const results = await watch.ofAll(fresh);
    watch.close();
    const settled = await this.#until(() => leaving.every(({ going, state }) => !going || state === "gone"));
    if (!settled) return conflict("pm is shutting down");
    const bad = results.find(({ why }) => why !== null);
    return bad === undefined
      ? done(`${name}: ${what}`)
      : failed(`${name}: ${what}; worker ${bad.ref.worker} failed: ${bad.why}`);
  }

  async #signal(
    { signal, group }: Extract<OperationRequest, { action: "signal" }>,
    consumer: Consumer,
    worker: Worker | null,
  ): Promise<OperationOutcome> {
    const { name } = consumer.spec;
    const sent = (worker === null ? consumer.workers : [worker]).filter((each) => each.signal(signal, group));
    return sent.length === 0
      ? failed(`${name}: no process of it runs that could get ${signal}`)
      : done(`${name}: ${signal} sent to ${plural(sent.length, "worker")}`);
  }

  /** Looks again at every fact, until it is so; false when the farm stops before. */
  #until(isSo: () => boolean): Promise<boolean> {
    if (isSo()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const unlisten = this.#listen((event) => {
        const is = isSo();
        if (!is && event.type !== "shutting_down") return;
        unlisten();
        resolve(is);
      });
    });
  }
}

const rests = ({ state }: Worker): boolean => state === "gone" || isAtRest(state);
const done = (message: string): OperationOutcome => ({ result: "done", message });
const failed = (message: string): OperationOutcome => ({ result: "failed", message });
const conflict = (message: string): OperationOutcome => ({ result: "conflict", message });

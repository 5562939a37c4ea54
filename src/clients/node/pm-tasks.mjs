// Tasks: a worker of a consumer with `tasks: { protocol: jsonl }`. It reads them from stdin and answers on stdout.
//
//   await serveTasks(async (payload, task) => ({ thumbnail: await scale(payload.url) }));
//
// What is thrown becomes the error of the task; `error.retry = false` says that trying again is no use. As many run at once as
// `tasks.concurrency` says. Ends when pm closes stdin, asks to drain, or sends SIGTERM: what is at work is finished first, and what
// stands behind `await serveTasks(…)` has two more seconds. Meanwhile what is printed goes to stderr, for stdout is the protocol.

import { inspect } from "node:util";

const maxFrameBytes = 65_536;
const maxCancelled = 1_000;
const exitMs = 2_000;

/** Runs the handler for every task: `handler(payload, task)` gives the result, or a promise of it. Resolves when there is no more to do. */
export async function serveTasks(handler, pm = new PmClient()) {
  const awake = setInterval(() => {}, 2 ** 30); // neither a call nor a handler need hold the process
  try {
    await new TaskServer(handler, pm).ended;
  } finally {
    clearInterval(awake);
    setTimeout(() => process.exit(), exitMs).unref(); // connections that nobody closes must not hold it either
  }
}

/** What came of a call when it has no result: `code` as pm says it (failed, timeout, overloaded, …), `details` as the other worker says. */
export class TaskError extends Error {
  constructor({ code, message, details = null }) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

class Task {
  #calls;
  #abort = null;

  constructor(id, calls) {
    this.id = id;
    this.#calls = calls;
  }

  /** Aborted when nobody waits for the answer any more: a handler that takes long should end then, in whatever way. */
  get signal() {
    return (this.#abort ??= new AbortController()).signal;
  }

  /** Hands a task to another consumer. Resolves with its result, rejects with a TaskError. */
  call(consumer, payload, { timeoutSeconds } = {}) {
    return this.#calls.call(consumer, payload, timeoutSeconds, this.signal);
  }

  cancel() {
    this.signal;
    this.#abort.abort();
  }
}

/** The calls that wait for pm's answer. */
class TaskCalls {
  #pm;
  #waiting = new Map(); // id => { resolve, reject }
  #lastId = 0;

  constructor(pm) {
    this.#pm = pm;
  }

  call(consumer, payload = null, timeout_seconds, signal) {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const id = `c${++this.#lastId}`;
      const line = `${JSON.stringify({ type: "call", id, consumer, timeout_seconds, payload })}\n`;
      const message = `the payload is longer than the ${maxFrameBytes} bytes of a frame`;
      if (Buffer.byteLength(line) > maxFrameBytes) throw new TaskError({ code: "too_large", message });
      if (!this.#pm.write(line)) throw new TaskError({ code: "unavailable", message: "there is no pm to call" });
      const cancelled = () => {
        this.#settle(id)?.reject(signal.reason);
        this.#pm.write(`{"type":"cancel","id":"${id}"}\n`);
      };
      this.#waiting.set(id, { resolve, reject, done: () => signal.removeEventListener("abort", cancelled) });
      signal.addEventListener("abort", cancelled);
    });
  }

  answered({ id, result, error }) {
    const call = this.#settle(id);
    if (error) call?.reject(new TaskError(error));
    else call?.resolve(result);
  }

  #settle(id) {
    const call = this.#waiting.get(id);
    this.#waiting.delete(id);
    call?.done();
    return call;
  }
}

class TaskServer {
  #end;
  ended = new Promise((resolve) => (this.#end = resolve));

  #handler;
  #calls;
  #input = new TaskLines();
  #output = new Answers(() => this.#next());
  #running = new Map(); // id => Task
  #cancelled = new Set(); // ids called off before they were begun
  #concurrency = Math.max(1, Number(process.env.PM_TASK_CONCURRENCY) || 1);
  #stopping = false;

  constructor(handler, pm) {
    this.#handler = handler;
    this.#calls = new TaskCalls(pm);
    pm.onFrame = (frame) => this.#hear(frame);
    if (pm.stopSignal.aborted) this.#stop();
    pm.stopSignal.addEventListener("abort", this.#stop);
    process.on("SIGTERM", this.#stop);
    this.#input.read(() => this.#next());
    pm.ready();
  }

  #stop = () => {
    this.#stopping = true;
    this.#next();
  };

  #hear(frame) {
    if (frame.type === "result") this.#calls.answered(frame);
    if (frame.type !== "cancel") return;
    const task = this.#running.get(frame.id);
    if (task !== undefined) return task.cancel();
    this.#cancelled.add(frame.id);
    if (this.#cancelled.size > maxCancelled) this.#cancelled.delete(this.#cancelled.values().next().value); // answered long ago
  }

  #next() {
    this.#stopping ||= this.#output.broken;
    while (!this.#stopping && this.#running.size < this.#concurrency && !this.#output.blocked && this.#input.waiting) {
      this.#run(this.#input.take());
    }
    if (this.#running.size === 0 && (this.#stopping || this.#input.ended)) this.#finish();
  }

  async #run(line) {
    const request = parseTask(line);
    if (request === null) return console.error(`no task: ${line.slice(0, 200)}`);
    const { id, payload } = request;
    const task = new Task(id, this.#calls);
    this.#running.set(id, task);
    let answer;
    try {
      const result = this.#cancelled.delete(id) ? calledOff() : await this.#handler(payload, task);
      answer = `{"id":${id},"result":${JSON.stringify(result) ?? null}}\n`;
    } catch (error) {
      answer = `{"id":${id},"error":${describe(error)}}\n`;
    }
    this.#running.delete(id);
    this.#output.add(answer);
    this.#next();
  }

  #finish() {
    this.#input.close();
    process.off("SIGTERM", this.#stop);
    this.#output.flush();
    if (!this.#output.blocked) this.#end();
  }
}

function parseTask(line) {
  try {
    const request = JSON.parse(line);
    return Number.isSafeInteger(request?.id) ? request : null;
  } catch {
    return null;
  }
}

function calledOff() {
  throw new TaskError({ code: "cancelled", message: "called off before it was begun" });
}

/** What was thrown, as the error of a task. */
function describe(error) {
  const { code, details, retry } = error ?? {};
  const known = {
    message: error instanceof Error ? error.message : inspect(error),
    class: error?.constructor?.name || typeof error,
    code: ["string", "number"].includes(typeof code) ? code : undefined,
    retry: typeof retry === "boolean" ? retry : undefined,
  };
  return JSON.stringify(error instanceof TaskError ? { ...known, details } : known);
}

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConsumerText, farmFile, fixture, quickBackoff } from "./farm-file.ts";
import { MetricsPage } from "./metrics-page.ts";
import { Lines, pmBinary } from "./pm-process.ts";
import { type Run, SteeredPm } from "./steered-pm.ts";

/** What came of a task. */
export interface TaskLine {
  readonly id?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: string; readonly message: string; readonly details?: unknown };
}

/** The answer to a task that was posted. */
export interface TaskReply extends TaskLine {
  readonly status: number;
}

/** What `pm map` has come to. */
export interface MapRun extends Run {
  /** Its output, a line each. */
  readonly answers: readonly unknown[];
}

/** A `pm map` whose input the test writes. `await using` kills it. */
export class FedMap implements AsyncDisposable {
  readonly #process: Bun.Subprocess<"pipe", "pipe", "pipe">;
  readonly stdout: Lines;
  readonly stderr: Lines;
  #fed = 0;

  constructor(command: string[]) {
    this.#process = Bun.spawn(command, { stdio: ["pipe", "pipe", "pipe"] });
    this.stdout = new Lines(this.#process.stdout);
    this.stderr = new Lines(this.#process.stderr);
  }

  /** Keeps its workers busy with payloads until the promise settles, and gives all payloads it was fed. */
  async keepBusy<T>(payload: (n: number) => T, until: Promise<unknown>): Promise<T[]> {
    const batch = 50;
    const fed: T[] = [];
    const over = new AbortController();
    const settled = until.finally(() => over.abort());
    for (let batches = 0; !over.signal.aborted || batches < 3; batches++) {
      const payloads = Array.from({ length: batch }, () => payload(++this.#fed));
      fed.push(...payloads);
      await this.#process.stdin.write(payloads.map((each) => `${JSON.stringify(each)}\n`).join(""));
      await this.#process.stdin.flush();
      if (batches >= 2) await this.stdout.count(() => true, (batches - 1) * batch);
    }
    await settled;
    return fed;
  }

  /** There is no more; its exit code. */
  async end(): Promise<number> {
    await this.#process.stdin.end();
    await Promise.all([this.stdout.ended, this.stderr.ended]);
    return this.#process.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.exited;
  }
}

const clientFiles = { node: "client.mjs", python: "client.py", php: "client.php" } as const;
const clients = Object.entries(clientFiles).map(([name, file]) => {
  const { stdout } = Bun.spawnSync([pmBinary, "client", name]);
  return { file, text: stdout.toString() };
});

/** Workers of test/fixtures, by the language of the printed client they use; `sh` uses none. */
export const taskWorkers = {
  node: ["node", fixture("task-worker.mjs")[1] ?? ""],
  python: ["python3", fixture("task-worker.py")[1] ?? ""],
  php: ["php", fixture("task-worker.php")[1] ?? ""],
  sh: ["sh", fixture("task-worker.sh")[1] ?? ""],
} as const;

/** A consumer of workers that take tasks by the node client, unless `more` says otherwise. */
export function taskPool(more: ConsumerText = {}, tasks: ConsumerText = {}): ConsumerText {
  const often = { failure_limit: 1_000_000, backoff_base: "1ms", backoff_max: "1ms", backoff_jitter: 0 };
  return { command: taskWorkers.node, ...quickBackoff, ...often, ...more, tasks: { protocol: "jsonl", ...tasks } };
}

/** The text of a pm.yaml of such consumers. */
export function taskFarmFile(consumers: Readonly<Record<string, ConsumerText>>, top: ConsumerText = {}): string {
  return farmFile(consumers, { host_brake: false, autoscaler_interval_sec: 0.1, ...top });
}

/** A farm whose workers find the printed clients in the folder they run in, and where a test finds what they leave there. */
export class TaskFarm extends SteeredPm {
  /** The folder the workers run in. */
  readonly desk: string;

  constructor(consumers: Readonly<Record<string, ConsumerText>>, top: ConsumerText = {}) {
    const desk = mkdtempSync(join(tmpdir(), "pm-desk-"));
    for (const { file, text } of clients) writeFileSync(join(desk, file), text);
    const env = { PM_SOCKET: join(desk, "pm.sock"), TASK_DESK: desk };
    super(taskFarmFile(consumers, top), { cwd: desk, env });
    this.desk = desk;
  }

  override get socket(): string {
    return join(this.desk, "pm.sock");
  }

  /** Hands a task in, with what else is to be said of it; aborting the signal closes the connection. */
  async post(consumer: string, payload: unknown, more: object = {}, signal?: AbortSignal): Promise<TaskReply> {
    const response = await this.send(consumer, JSON.stringify({ payload, ...more }), signal);
    const answer: TaskReply = JSON.parse(await response.text());
    return { ...answer, status: response.status };
  }

  /** The same, with the body as it is and the answer as it comes. */
  async send(consumer: string, body: string, signal?: AbortSignal): Promise<Response> {
    await this.record("Control socket listening.");
    const headers = { "content-type": "application/json" };
    const url = `http://pm/v1/consumers/${consumer}/tasks`;
    return fetch(url, { unix: this.socket, method: "POST", headers, body, signal: signal ?? null });
  }

  /** The arguments of a `pm map` of these payloads, from a file into a file. */
  mapWords(consumer: string, payloads: readonly unknown[]): string[] {
    writeFileSync(join(this.desk, "in"), payloads.map((each) => `${JSON.stringify(each)}\n`).join(""));
    return ["map", consumer, "-i", join(this.desk, "in"), "-o", join(this.desk, "out")];
  }

  /** A `pm map` that is fed, and writes to its stdout. */
  async feed(consumer: string): Promise<FedMap> {
    await this.record("Control socket listening.");
    return new FedMap([pmBinary, "map", consumer, "--socket", this.socket]);
  }

  /** What a `pm map` has written. */
  mapped(): string[] {
    const text = readFileSync(join(this.desk, "out"), "utf8");
    return text.split("\n").slice(0, -1);
  }

  /** Does it to its end. */
  async map(consumer: string, payloads: readonly unknown[], ...flags: readonly string[]): Promise<MapRun> {
    const [first = "", ...words] = this.mapWords(consumer, payloads);
    const run = await this.run(first, ...words, ...flags);
    return { ...run, answers: this.mapped().map((line): unknown => JSON.parse(line)) };
  }

  /** A line of a worker on its stderr, old or new; the workers of the fixtures write `begun 7`, `ended 7` and `aborted 7`. */
  async said(words: string): Promise<void> {
    await this.stderr.find((line) => line.endsWith(` ${words}`), words);
  }

  /** How often a worker said so until now. */
  saidTimes(words: string): number {
    return this.stderr.all.filter((line) => line.endsWith(` ${words}`)).length;
  }

  /** Resolves when so many workers have done a task, so that none of them is still starting. */
  async warmUp(consumer: string, workers: number): Promise<void> {
    const numbers = Array.from({ length: workers }, (_, at) => 1_000_000 + at);
    const replies = numbers.map((n) => this.post(consumer, { n, gate: "warm" }));
    await Promise.all(numbers.map((n) => this.said(`begun ${n}`)));
    this.release("warm");
    await Promise.all(replies);
  }

  /** Lets the tasks go on that wait for this. */
  release(gate: string): void {
    writeFileSync(join(this.desk, `gate-${gate}`), "");
  }

  /** Numbers of the tasks the workers have begun, in the order they said so. */
  begun(): number[] {
    return this.stderr.all.flatMap((line) => / begun (\d+)$/u.exec(line)?.[1] ?? []).map(Number);
  }

  /** The same, as soon as so many have been: what a worker says may come later than its answer. */
  async begunSo(many: number): Promise<number[]> {
    await this.stderr.count((line) => / begun \d+$/u.test(line), many);
    return this.begun();
  }

  /** Looks at the tasks of a consumer again and again until it is so; the test's own time limit ends it. */
  async tasksSeen(consumer: string, isSo: (now: { waiting: number; inFlight: number }) => boolean): Promise<void> {
    for (;;) {
      const page = await this.metrics();
      const of = `{consumer="${consumer}"}`;
      const now = { waiting: page.value(`task_waiting${of}`), inFlight: page.value(`task_in_flight${of}`) };
      if (isSo({ waiting: now.waiting ?? -1, inFlight: now.inFlight ?? -1 })) return;
    }
  }

  async metrics(): Promise<MetricsPage> {
    return new MetricsPage(await (await this.get("/metrics")).text());
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    rmSync(this.desk, { recursive: true, force: true });
  }
}

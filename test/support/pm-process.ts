import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { goneFromProcessTable } from "./marked-processes.ts";

export { goneFromProcessTable, processesWith } from "./marked-processes.ts";

/** The compiled binary all end-to-end tests drive; PM_BINARY names another one. */
export const pmBinary = process.env["PM_BINARY"] ?? join(import.meta.dir, "..", "..", "dist", "pm");
if (!existsSync(pmBinary)) throw new Error("dist/pm is missing: run `npm run build` first");

/** One of pm's own log records. */
export interface LogRecord {
  readonly message: string;
  readonly context: Readonly<Record<string, unknown>>;
  readonly level_name: string;
}

/** Lines of one stream: what came so far, and a wait for what will come. */
export class Lines {
  readonly all: string[] = [];
  /** Settles when the last line has come. */
  readonly ended: Promise<void>;
  readonly #waiting = new Set<() => void>();
  #ended = false;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.ended = this.#read(stream);
  }

  /** The first line, old or new, that matches; fails when the stream ends without. */
  async find(matches: (line: string) => boolean, what = "a line"): Promise<string> {
    for (let at = 0; ; at++) {
      while (at >= this.all.length) {
        if (this.#ended)
          throw new Error(`the stream ended without ${what}; it said:\n${this.all.slice(-30).join("\n")}`);
        await new Promise<void>((resolve) => this.#waiting.add(resolve));
      }
      const line = this.all[at];
      if (line !== undefined && matches(line)) return line;
    }
  }

  /** Waits until so many lines match. */
  async count(matches: (line: string) => boolean, wanted: number): Promise<void> {
    let seen = 0;
    await this.find((line) => matches(line) && ++seen === wanted, `${wanted} such lines`);
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of stream) {
      const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = parts.pop() ?? "";
      this.all.push(...parts);
      this.#wake();
    }
    if (rest !== "") this.all.push(rest);
    this.#ended = true;
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

export interface StartOptions {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  /** The command and its arguments; default `serve` and the file with the given text. */
  readonly args?: readonly string[];
  /** Words in front of the binary's name: a program that starts it in some other way. */
  readonly starter?: readonly string[];
  /** A descriptor in place of the pipe that is read into `stdout` (`stderr`); stays the caller's. */
  readonly stdoutFd?: number;
  readonly stderrFd?: number;
}

/** A running `pm serve` on a pm.yaml with this text. `await using` kills it, and hangs the test when that leaves anything behind. */
export class PmProcess {
  readonly folder = mkdtempSync(join(tmpdir(), "pm-test-"));
  /** Stands in the environment of pm and of all that it starts: see `processesWith`. */
  readonly mark = `PM_TEST=${crypto.randomUUID()}`;
  readonly process: Bun.Subprocess<"ignore", "pipe" | number, "pipe" | number>;
  readonly stdout: Lines;
  readonly stderr: Lines;

  constructor(yaml: string, { env = {}, cwd, args, starter = [], stdoutFd, stderrFd }: StartOptions = {}) {
    const file = join(this.folder, "pm.yaml");
    writeFileSync(file, yaml);
    this.process = Bun.spawn([...starter, pmBinary, ...(args ?? ["serve", file])], {
      cwd: cwd ?? this.folder,
      env: {
        ...process.env,
        PM_TEST: this.mark.slice("PM_TEST=".length),
        PM_SOCKET: join(this.folder, "pm.sock"), // the usual folders are for farms of people
        ...env,
      },
      stdio: ["ignore", stdoutFd ?? "pipe", stderrFd ?? "pipe"],
    });
    this.stdout = new Lines(streamOf(this.process.stdout));
    this.stderr = new Lines(streamOf(this.process.stderr));
  }

  get pid(): number {
    return this.process.pid;
  }

  /** The first record with this message (and these context values), old or new. */
  async record(message: string, context: Readonly<Record<string, unknown>> = {}): Promise<LogRecord> {
    return JSON.parse(await this.stderr.find((line) => isRecord(line, message, context), `the record ${message}`));
  }

  /** Waits for so many of them. */
  async records(
    message: string,
    wanted: number,
    context: Readonly<Record<string, unknown>> = {},
  ): Promise<LogRecord[]> {
    await this.stderr.count((line) => isRecord(line, message, context), wanted);
    return this.recorded(message, context);
  }

  /** All of them that came so far. */
  recorded(message: string, context: Readonly<Record<string, unknown>> = {}): LogRecord[] {
    return this.stderr.all.filter((line) => isRecord(line, message, context)).map((line) => JSON.parse(line));
  }

  /** The URL it serves health and metrics on. */
  async address(): Promise<string> {
    return String((await this.record("HTTP server listening.")).context["address"]);
  }

  async get(path: string): Promise<Response> {
    return fetch(`${await this.address()}${path}`);
  }

  /** The value of a series by its full text, as `worker_starts_total{consumer="a"}`; null when there is none. */
  async metric(series: string): Promise<number | null> {
    const page = await (await this.get("/metrics")).text();
    const line = page.split("\n").find((each) => each.startsWith(`${series} `));
    return line === undefined ? null : Number(line.slice(series.length + 1));
  }

  /** Asks for the metric again and again until it has the value (there is no event for it); the test's own time limit ends it. */
  async until(series: string, reached: (value: number) => boolean): Promise<number> {
    for (;;) {
      const value = await this.metric(series);
      if (value !== null && reached(value)) return value;
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  /** Ends it as a platform would, and gives its exit code. */
  async stop(): Promise<number> {
    this.process.kill("SIGTERM");
    return this.process.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill("SIGKILL");
    await this.process.exited;
    await goneFromProcessTable(this.mark);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function streamOf(stream: ReadableStream<Uint8Array> | number | undefined): ReadableStream<Uint8Array> {
  return stream instanceof ReadableStream ? stream : new Blob([]).stream();
}

function isRecord(line: string, message: string, context: Readonly<Record<string, unknown>>): boolean {
  if (!line.startsWith(`{"message":${JSON.stringify(message)},`)) return false;
  const record: LogRecord = JSON.parse(line);
  return Object.entries(context).every(([key, value]) => record.context[key] === value);
}

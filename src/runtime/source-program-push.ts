import type { SourceSpec } from "../core/farm/spec.ts";
import { backoffDelayMs } from "../core/supervision/backoff.ts";
import type { Cancel } from "./host.ts";
import type { DocumentEar, SourceRunner } from "./source-program-document.ts";
import { DocumentLines } from "./source-program-lines.ts";
import { SourceRun, type RunPorts } from "./source-program-run.ts";

const backoff = { baseMs: 1_000, maxMs: 30_000, jitter: 0.1 };

/** A program that has lived so long starts again as if it had never failed. */
const steadyMs = 60_000;

/** Keeps the program running: each line it prints is a document. Its end is followed by a start, sooner or later, for ever. */
export class PushRunner implements SourceRunner {
  readonly #spec: SourceSpec;
  readonly #ports: RunPorts & { random(): number };
  readonly #ear: DocumentEar;
  #run: SourceRun | null = null;
  #cancelNext: Cancel = () => {};
  #ends = 0;
  /** This life has been asked to look again. */
  #hungUp = false;
  #stopped = false;

  constructor(spec: SourceSpec, ports: RunPorts & { random(): number }, ear: DocumentEar) {
    this.#spec = spec;
    this.#ports = ports;
    this.#ear = ear;
  }

  start(): void {
    void this.#live();
  }

  refresh(): "asked" | "started" {
    if (this.#run === null) {
      this.#cancelNext();
      void this.#live();
      return "started";
    }
    this.#hungUp = true;
    this.#run.hangUp();
    return "asked";
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelNext();
    await this.#run?.stop();
  }

  async #live(): Promise<void> {
    const { clock } = this.#ports;
    const startedAtMs = clock.nowMs();
    const problem = await this.#runOnce();
    if (this.#stopped) return;
    if (problem !== null) this.#ear.failed(problem);
    if (this.#hungUp) {
      void this.#live(); // whatever it ended of, somebody waits for it
      return;
    }
    this.#ends = clock.nowMs() - startedAtMs >= steadyMs ? 1 : this.#ends + 1;
    this.#cancelNext = clock.after(backoffDelayMs(backoff, this.#ends, this.#ports.random()), () => void this.#live());
  }

  /** One life; says why it is over, or null when it knows no SIGHUP and ended of that. */
  async #runOnce(): Promise<string | null> {
    let verdict: string | null = null;
    const lines = new DocumentLines(this.#ear, this.#ports.clock, (why) => {
      verdict ??= why;
      this.#run?.kill();
    });
    this.#hungUp = false;
    const run = SourceRun.start(this.#spec, (chunk) => lines.hear(chunk), this.#ports);
    if (!(run instanceof SourceRun)) return run.why;
    this.#run = run;
    const { end, text } = await run.over;
    this.#run = null;
    if (this.#hungUp && end === "killed by SIGHUP") return null;
    return verdict ?? `it ended (${text})${lines.hasRest ? " in the middle of a line" : ""}`;
  }
}

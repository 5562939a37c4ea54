import { formatDuration } from "../config/duration.ts";
import type { SourceSpec } from "../core/farm/spec.ts";
import type { Cancel } from "./host.ts";
import { type DocumentEar, documentOf, maxDocumentBytes, type SourceRunner } from "./source-program-document.ts";
import { SourceRun, type RunPorts } from "./source-program-run.ts";

/** Runs the program every so often, one run at a time: all that a run prints is one document. */
export class PollRunner implements SourceRunner {
  readonly #spec: SourceSpec;
  readonly #ports: RunPorts;
  readonly #ear: DocumentEar;
  #run: SourceRun | null = null;
  #cancelNext: Cancel = () => {};
  /** Somebody asked during a run, which may have looked before what they mean had changed. */
  #again = false;
  #stopped = false;

  constructor(spec: SourceSpec, ports: RunPorts, ear: DocumentEar) {
    this.#spec = spec;
    this.#ports = ports;
    this.#ear = ear;
  }

  start(): void {
    void this.#poll();
  }

  refresh(): "asked" | "started" {
    if (this.#run === null) {
      this.#cancelNext();
      void this.#poll();
      return "started";
    }
    this.#again = true;
    return "asked";
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelNext();
    await this.#run?.stop();
  }

  async #poll(): Promise<void> {
    const problem = await this.#runOnce();
    if (this.#stopped) return;
    if (problem !== null) this.#ear.failed(problem);
    if (this.#again) {
      this.#again = false;
      void this.#poll();
    } else this.#cancelNext = this.#ports.clock.after(this.#spec.intervalMs, () => void this.#poll());
  }

  /** Hands on the document, or says why there is none. */
  async #runOnce(): Promise<string | null> {
    const { timeoutMs } = this.#spec;
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    let verdict: string | null = null;
    const end = (why: string): void => {
      verdict ??= why;
      this.#run?.kill();
    };
    const hear = (chunk: Uint8Array): void => {
      bytes += chunk.length;
      if (bytes <= maxDocumentBytes) chunks.push(chunk);
      else end("it printed more than 16 MiB and was killed");
    };
    const run = SourceRun.start(this.#spec, hear, this.#ports);
    if (!(run instanceof SourceRun)) return run.why;
    this.#run = run;
    const cancel = this.#ports.clock.after(timeoutMs, () =>
      end(`it did not end within ${formatDuration(timeoutMs)} and was killed`),
    );
    const over = await run.over;
    cancel();
    this.#run = null;
    if (this.#stopped) return null;
    if (verdict !== null) return verdict;
    if (over.end !== null) return over.text;
    const document = documentOf(chunks);
    if (document === null) return "it printed what is no UTF-8 text";
    if (document.trim() === "") return "it printed nothing";
    this.#ear.heard(document);
    return null;
  }
}

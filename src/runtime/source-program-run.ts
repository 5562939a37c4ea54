import type { SourceSpec } from "../core/farm/spec.ts";
import { endText, Program } from "../queues/program.ts";
import type { Failure } from "../queues/queue.ts";
import type { Clock } from "./host.ts";
import { ProgramWords } from "./source-program-words.ts";

/** From SIGTERM to SIGKILL. */
const stopTimeoutMs = 5_000;

/** Whatever has left the process group may hold the pipes of a program that has ended for so long. */
const pipeGraceMs = 1_000;

/** What a run of the program needs of the world. */
export interface RunPorts {
  readonly clock: Clock;
  /** The whole environment of the program. */
  readonly env: Readonly<Record<string, string>>;
  /** The process group is pm's to answer for, until it is forgotten. */
  readonly guardian: { watch(pid: number): void; forget(pid: number): void };
  /** A line of its stderr, or how many were left out. */
  said(line: string): void;
}

/** One life of the program: stdin is empty, each line of stderr goes to `said`. */
export class SourceRun {
  /** Resolves when it has ended and all that it said has been heard: with how it ended and what it said about it. */
  readonly over: Promise<{ readonly end: string | null; readonly text: string }>;
  readonly #program: Program;
  readonly #clock: Clock;

  private constructor(program: Program, words: ProgramWords, { clock, guardian }: RunPorts) {
    this.#program = program;
    this.#clock = clock;
    guardian.watch(program.pid);
    this.over = program.exited.then(async () => {
      guardian.forget(program.pid);
      const cancel = clock.after(pipeGraceMs, () => program.kill());
      const end = await program.ended;
      cancel();
      words.end();
      return { end, text: endText(end, program.complaint) };
    });
  }

  /** Starts it, or says why it could not. `hear` gets its stdout. */
  static start({ command, cwd }: SourceSpec, hear: (chunk: Uint8Array) => void, ports: RunPorts): SourceRun | Failure {
    const words = new ProgramWords((line) => ports.said(line), ports.clock);
    const program = Program.start(command, "ignore", hear, { cwd, env: ports.env }, (chunk) => words.hear(chunk));
    return program instanceof Program ? new SourceRun(program, words, ports) : program;
  }

  /** To the process alone. */
  hangUp(): void {
    this.#program.signal("SIGHUP");
  }

  /** Ends it and its process group at once. */
  kill(): void {
    this.#program.kill();
  }

  /** SIGTERM, and SIGKILL to its process group when that does not help. Resolves when it is over. */
  async stop(): Promise<void> {
    this.#program.signal("SIGTERM");
    const cancel = this.#clock.after(stopTimeoutMs, () => this.#program.kill());
    await this.over;
    cancel();
  }
}

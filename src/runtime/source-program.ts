import type { SourceSpec } from "../core/farm/spec.ts";
import { oneLine, secretsOfCommand } from "../queues/secrets.ts";
import { PollRunner } from "./source-program-poll.ts";
import { PushRunner } from "./source-program-push.ts";
import type { SourceRunner } from "./source-program-document.ts";
import type { RunPorts } from "./source-program-run.ts";

/** Documents that follow each other faster are passed over for the newest. */
const restMs = 1_000;

/** All that the program of `source` needs of the world, and what becomes of it. */
export interface SourcePorts extends RunPorts {
  /** In [0, 1). */
  random(): number;
  /** A document, unless it is the one before and nothing went wrong in between: all of it, not looked into. */
  heard(document: string): void;
  /** On one line without secrets, why there is no document; told when it begins, and when it is something else. */
  failed(error: string): void;
  /** It gives documents again; one of them follows. */
  recovered(): void;
}

/**
 * The program that names consumers, apart from the supervisor: it may hang, fail, flood or die, and nothing follows but a line. It is never
 * given up. At most one document a second is passed on.
 */
export class SourceProgram {
  readonly #ports: SourcePorts;
  readonly #runner: SourceRunner;
  #last: string | null = null;
  /** Not passed on yet. */
  #next: string | null = null;
  /** The next document is wanted even if it is the last one. */
  #wanted = false;
  #resting = false;
  #trouble: string | null = null;
  #state: "new" | "running" | "stopped" = "new";

  constructor(spec: SourceSpec, ports: SourcePorts) {
    this.#ports = ports;
    const secrets = secretsOfCommand(spec.command, ports.env);
    const ear = {
      heard: (document: string) => this.#heard(document),
      failed: (problem: string) => this.#failed(oneLine(problem, secrets)),
    };
    const said = (line: string): void => ports.said(oneLine(line, secrets));
    const { clock, env, guardian } = ports;
    const runPorts = { clock, env, guardian, random: () => ports.random(), said };
    this.#runner = spec.mode === "poll" ? new PollRunner(spec, runPorts, ear) : new PushRunner(spec, runPorts, ear);
  }

  /** Once. */
  start(): void {
    this.#state = "running";
    this.#runner.start();
  }

  /**
   * Wants a document now, and passes it on even if it is the one before: a poll begins, or the running program gets SIGHUP; one that waits
   * for its next start is started (`started`). `stopped`: there is nobody to ask.
   */
  refresh(): "asked" | "started" | "stopped" {
    if (this.#state !== "running") return "stopped";
    this.#wanted = true;
    return this.#runner.refresh();
  }

  /** Resolves when nothing of it is left. Nothing is heard of it any more, from now on. */
  async stop(): Promise<void> {
    const wasRunning = this.#state === "running";
    this.#state = "stopped";
    if (wasRunning) await this.#runner.stop();
  }

  #heard(document: string): void {
    if (this.#state !== "running") return;
    if (this.#trouble !== null) {
      this.#trouble = null;
      this.#ports.recovered();
    }
    this.#next = document === this.#last && !this.#wanted ? null : document;
    if (!this.#resting) this.#passOn();
  }

  #passOn(): void {
    if (this.#next === null || this.#state !== "running") return;
    this.#last = this.#next;
    this.#next = null;
    this.#wanted = false;
    this.#resting = true;
    this.#ports.clock.after(restMs, () => {
      this.#resting = false;
      this.#passOn();
    });
    this.#ports.heard(this.#last);
  }

  #failed(problem: string): void {
    if (this.#state !== "running" || problem === this.#trouble) return;
    this.#trouble = problem;
    this.#wanted = true; // whoever hears of the trouble hears what is right after it
    this.#ports.failed(problem);
  }
}

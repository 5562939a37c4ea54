import { toWorkers } from "./count.ts";
import { Deadlines } from "./deadlines.ts";
import { explain } from "./explain.ts";
import { LineProgram } from "./line-program.ts";
import { failed, type Failure } from "./queue.ts";
import { runOnce } from "./run-once.ts";
import { oneLine, secretsOfCommand } from "./secrets.ts";

/** How many workers a program wants, or on one line why nobody knows. */
export type DeciderAnswer = { readonly ok: true; readonly workers: number } | Failure;

/** The program of a command strategy. */
export interface Decider {
  /** Gives it the snapshot as one line of JSON. Never rejects, and answers within the time limit; a late answer is thrown away. */
  ask(snapshot: object): Promise<DeciderAnswer>;
  /** Kills it with its whole process group; a question under way fails. Idempotent. */
  close(): void;
}

export interface DeciderOptions {
  readonly command: readonly string[];
  /** Run for each question, or kept running and asked line by line. */
  readonly mode: "once" | "lines";
  readonly timeoutMs: number;
  /** Absolute. */
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Monotonic; passed in by tests. */
  readonly nowMs?: () => number;
}

/** Starts nothing before the first question. */
export function openDecider(options: DeciderOptions): Decider {
  const { command, mode, timeoutMs, cwd, env, nowMs = () => performance.now() } = options;
  const secrets = secretsOfCommand(command, env);
  const deadlines = new Deadlines(timeoutMs, explain);
  const lines = mode === "lines" ? new LineProgram(command, { cwd, env }, nowMs) : null;
  return {
    async ask(snapshot) {
      const question = JSON.stringify(snapshot);
      const answer = await deadlines.ask<{ readonly ok: true; readonly text: string }>((signal) =>
        lines === null ? runOnce(command, `${question}\n`, { cwd, env }, signal) : lines.ask(question),
      );
      const wish = answer.ok ? toWorkers(answer.text) : answer;
      return wish.ok ? wish : failed(oneLine(wish.why, secrets));
    },
    close() {
      deadlines.close();
      lines?.close();
    },
  };
}

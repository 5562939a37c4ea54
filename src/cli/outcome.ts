/** What a command has come to; `main` writes it and exits with its code. */
export interface Outcome {
  readonly exitCode: number;
  /** Results; ends with a newline unless empty. */
  readonly stdout: string;
  /** Problems and progress; ends with a newline unless empty. */
  readonly stderr: string;
}

/** Every exit code of pm. Death by a signal shows as 128+n. */
export const exitCodes = {
  done: 0,
  /** It failed, or the farm ended because of a failure. */
  failed: 1,
  usage: 2,
  /** No running pm was reached. */
  unreachable: 69,
  /** A bug in pm. */
  bug: 70,
  configInvalid: 78,
  /** Ctrl-C while a command waited for what it had begun. */
  interrupted: 130,
} as const;

/** An outcome from lines, each of which gets its newline. */
export function outcome(exitCode: number, stdout: readonly string[], stderr: readonly string[] = []): Outcome {
  return { exitCode, stdout: joined(stdout), stderr: joined(stderr) };
}

const joined = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");

/** What a command that threw has come to: users' mistakes are values, so this is a bug of pm, and the place of it helps whoever mends it. */
export function bug(error: unknown): Outcome {
  const [what = String(error), where = ""] = error instanceof Error ? (error.stack ?? error.message).split("\n") : [];
  return outcome(
    exitCodes.bug,
    [],
    [`pm: internal error: ${what} ${where.trim()}; this is a bug of pm, please report it`],
  );
}

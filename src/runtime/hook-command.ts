import { endText, Program, type Surroundings } from "../queues/program.ts";
import { oneLine, secretsOfCommand } from "../queues/secrets.ts";

/** Runs a program with this text, as a line, on its stdin: null for exit code 0, else what was wrong. See `RunHook`. */
export async function runHookCommand(
  command: readonly string[],
  input: string,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<string | null> {
  if (signal.aborted) return "it was called off";
  const program = Program.start(command, Buffer.from(`${input}\n`), () => {}, surroundings);
  if (!(program instanceof Program)) return program.why;
  const kill = (): void => program.kill();
  signal.addEventListener("abort", kill);
  const end = await program.ended;
  signal.removeEventListener("abort", kill);
  if (end === null) return null;
  return oneLine(endText(end, program.complaint), secretsOfCommand(command, surroundings.env));
}

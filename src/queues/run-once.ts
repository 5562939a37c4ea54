import { failed, type Failure } from "./queue.ts";
import { endText, Program, type Surroundings } from "./program.ts";

/** More than any number needs. */
const maxAnswerBytes = 4096;

/**
 * Runs a program to its end and returns what it printed, at most 4 KiB. It fails when it cannot be started, prints more, or does not exit with 0.
 * When `signal` aborts, it is killed. In every case nothing of its process group is left.
 */
export async function runOnce(
  command: readonly string[],
  input: string | null,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<{ readonly ok: true; readonly text: string } | Failure> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const hear = (chunk: Uint8Array): void => {
    bytes += chunk.length;
    if (bytes <= maxAnswerBytes) chunks.push(chunk);
    else kill();
  };
  const stdin = input === null ? "ignore" : Buffer.from(input);
  const program = Program.start(command, stdin, hear, surroundings);
  if (!(program instanceof Program)) return program;
  const kill = (): void => program.kill();
  signal.addEventListener("abort", kill);
  const end = await program.ended;
  signal.removeEventListener("abort", kill);
  if (bytes > maxAnswerBytes) return failed(`it printed more than ${maxAnswerBytes} bytes; a number is needed`);
  if (end !== null) return failed(endText(end, program.complaint));
  return { ok: true, text: Buffer.concat(chunks).toString("utf8") };
}

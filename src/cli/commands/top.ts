import { isatty } from "node:tty";
import { parseDuration } from "../../config/duration.ts";
import { isFarmStatus, messageOf } from "../control/answer.ts";
import type { Connect, Where } from "../control/connect.ts";
import { requester } from "../control/requester.ts";
import { exitCodes, outcome, type Outcome } from "../outcome.ts";

export interface TopRequest {
  /** Between two looks; null is a second. */
  readonly interval: string | null;
}

/** Anything faster only heats the processor. */
const leastIntervalMs = 100;

/** Shows the farm on the whole terminal until somebody quits. */
export async function runTop(
  { interval }: TopRequest,
  { where, connect }: { where: Where; connect: Connect },
): Promise<Outcome> {
  const every = parseDuration(interval ?? "1s");
  if (!every.ok) return refuse(`--interval ${interval}: ${every.problem}`);
  if (every.value < leastIntervalMs) return refuse(`--interval ${interval} is too short; write 100ms or more`);
  if (!isatty(0) || !isatty(1)) return refuse("needs a terminal; pm status --json is for programs");
  if (process.env["TERM"] === "dumb") return refuse("this terminal (TERM=dumb) can show no full screen; use pm status");
  const connected = await connect(where);
  if (!connected.ok) return connected.outcome;
  const { client } = connected;

  const { openTerminal } = await import("../../top/terminal.ts");
  const { runInTerminal } = await import("../../top/run-in-terminal.ts");
  const exitCode = await runInTerminal({
    terminal: openTerminal(),
    intervalMs: every.value,
    colour: !process.env["NO_COLOR"],
    link: {
      async status() {
        const answer = await client.get("/v1/status");
        if (answer.status === 200 && isFarmStatus(answer.body)) return { type: "status", status: answer.body };
        return answer.status === 0 ? { type: "gone" } : { type: "refused", message: messageOf(answer) };
      },
      async act(path, body) {
        const answer = await client.post(path, { by: requester(), ...body });
        return { ok: answer.status === 200 || answer.status === 202, message: messageOf(answer) };
      },
      lines: async (path, hear, signal) => client.lines(path, hear, signal),
    },
  });
  return outcome(exitCode, []);
}

const refuse = (problem: string): Outcome => outcome(exitCodes.usage, [], [`pm top: ${problem}`]);

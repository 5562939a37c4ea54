import { type Ask, operate } from "../control/operate.ts";
import { readTarget } from "../control/target.ts";
import { exitCodes, outcome, type Outcome } from "../outcome.ts";

/** `pm start`, `stop`, `restart`, `pause` and `resume`. */
export interface OperationArgs {
  readonly verb: "start" | "stop" | "restart" | "pause" | "resume";
  /** CONSUMER or CONSUMER:SLOT. */
  readonly target: string;
  readonly wait: boolean;
  readonly reason: string | null;
  /** Of a restart only. */
  readonly rolling?: boolean;
  readonly maxUnavailable?: string | null;
}

/** Has it done and tells what came of it. */
export async function runOperation(args: OperationArgs, ask: Ask): Promise<Outcome> {
  const { verb, wait, reason, rolling = false, maxUnavailable = null } = args;
  const usage = (problem: string): Outcome => outcome(exitCodes.usage, [], [`pm ${verb}: ${problem}`]);
  const target = readTarget(args.target);
  if (typeof target === "string") return usage(target);
  const { consumer, slot } = target;
  if (rolling && slot !== null)
    return usage(`--rolling goes through all workers of a consumer; leave out :${slot}, or --rolling`);
  if (maxUnavailable !== null && !rolling) return usage("--max-unavailable belongs to --rolling; write both");
  if (maxUnavailable !== null && !/^[1-9]\d{0,5}$/u.test(maxUnavailable))
    return usage(`--max-unavailable ${maxUnavailable}: write a whole number, 1 or more`);
  const body = {
    wait,
    ...(slot === null ? {} : { slot }),
    ...(rolling ? { rolling } : {}),
    ...(maxUnavailable === null ? {} : { max_unavailable: Number(maxUnavailable) }),
    ...(reason === null ? {} : { reason }),
  };
  return operate({ verb, consumer, body }, ask);
}

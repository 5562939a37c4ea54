import { type Ask, operate } from "../control/operate.ts";
import { readTarget } from "../control/target.ts";
import { exitCodes, outcome, type Outcome } from "../outcome.ts";

export interface ScaleArgs {
  readonly consumer: string;
  /** How many workers; null when not given. */
  readonly size: string | null;
  readonly auto: boolean;
  readonly wait: boolean;
  readonly reason: string | null;
}

/** `pm scale`: a size by hand, or back to the autoscaler. */
export async function runScale({ size, auto, wait, reason, ...args }: ScaleArgs, ask: Ask): Promise<Outcome> {
  const target = readTarget(args.consumer);
  if (typeof target === "string") return usage(target);
  const { consumer, slot } = target;
  if (slot !== null) return usage(`a single worker has no size; write ${consumer} without :${slot}`);
  if (size === null && !auto) return usage(`how many? Write pm scale ${consumer} N, or pm scale ${consumer} --auto`);
  if (size !== null && auto) return usage(`${size} and --auto exclude each other; write one of them`);
  if (size !== null && !/^\d{1,6}$/u.test(size)) return usage(`"${size}" is no size; write a whole number, 0 or more`);
  const wish = size === null ? { auto } : { size: Number(size) };
  return operate({ verb: "scale", consumer, body: { ...wish, wait, ...(reason === null ? {} : { reason }) } }, ask);
}

const usage = (problem: string): Outcome => outcome(exitCodes.usage, [], [`pm scale: ${problem}`]);

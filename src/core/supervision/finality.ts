import type { StopCause } from "../farm/events.ts";

/** How little a reason to stop leaves behind; of two reasons the one with more wins. None, or a replacement, is 0. */
export function finality(cause: StopCause | null): number {
  if (cause === "shutdown") return 3;
  if (cause === "scale_down") return 2;
  return cause === "parked" ? 1 : 0;
}

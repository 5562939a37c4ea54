import type { StopCause } from "../farm/events.ts";

/** How little a reason to stop leaves behind; of two reasons the one with more wins. None, or a replacement, is 0. */
export function finality(cause: StopCause | null): number {
  switch (cause) {
    case "shutdown":
      return 5;
    case "removed":
      return 4;
    case "scale_down":
      return 3;
    case "stopped":
      return 2;
    case "parked":
      return 1;
    default:
      return 0;
  }
}

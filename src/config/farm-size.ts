import type { FarmSpec } from "../core/farm/spec.ts";

/** How many workers a farm starts with, and never has fewer of. */
export function minimumSize({ consumers }: FarmSpec): number {
  return consumers.reduce((sum, { size }) => sum + (size.kind === "static" ? size.processes : size.min), 0);
}

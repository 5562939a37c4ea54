import type { SizeSpec } from "../farm/spec.ts";

/** How many workers a consumer starts with: all of a static one, the minimum of an autoscaled one. */
export function initialSize(size: SizeSpec): number {
  return size.kind === "static" ? size.processes : size.min;
}

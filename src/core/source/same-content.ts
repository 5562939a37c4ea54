import { sameValue } from "../farm/same-value.ts";
import type { ConsumerSpec } from "../farm/spec.ts";

/** Whether two definitions of a consumer ask for the same, whatever their `mtime` and origin. */
export function sameContent(a: ConsumerSpec, b: ConsumerSpec): boolean {
  return sameValue({ ...a, mtime: null, origin: null }, { ...b, mtime: null, origin: null });
}

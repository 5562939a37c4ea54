import type { ConsumerSpec } from "../core/farm/spec.ts";
import { findIdentity } from "./accounts.ts";
import { checkConsumer } from "./consumer-conflicts.ts";
import type { ConsumerValues } from "./consumer-keys.ts";
import type { FarmValues } from "./farm-keys.ts";
import { toConsumerSpec } from "./farm-spec.ts";
import { fillConsumer, type FilledConsumer, type Surroundings } from "./fill-consumer.ts";
import type { Findings } from "./findings.ts";
import type { Path } from "./issue.ts";

/** One consumer, filled in and as a spec, after telling `findings` what is wrong with it by itself. `path` is where it stands. */
export function readConsumer(
  name: string,
  values: ConsumerValues,
  farm: FarmValues,
  surroundings: Surroundings,
  path: Path,
  findings: Findings,
): { readonly filled: FilledConsumer; readonly spec: ConsumerSpec } {
  checkConsumer(values, surroundings.shape, path, findings);
  const filled = fillConsumer(values, farm, surroundings, path, findings);
  const identity = findIdentity(filled, surroundings.read, path, findings);
  return { filled, spec: toConsumerSpec(name, filled, identity) };
}

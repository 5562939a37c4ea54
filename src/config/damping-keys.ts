import type { DampingSpec, ScalePolicy } from "../core/farm/scaling-spec.ts";
import { list, object, orNull, sectionKey } from "./collections.ts";
import { key, optionalKey, requiredKey, type Kind, type Values } from "./kind.ts";
import { duration } from "./quantities.ts";
import { decimal, flag, integer, oneOf } from "./scalars.ts";

const policyKeys = {
  workers: optionalKey(orNull(integer({ min: 1 })), "So many workers. A direction has one policy, or a list."),
  percent: optionalKey(orNull(decimal({ above: 0 })), "So much of the size at the start of the period."),
  period: requiredKey(duration({ min: 1 }), 15_000, "Within this time."),
};

const fields = object(policyKeys);

/** So many workers, or so many percent, within a period. */
const policy: Kind<ScalePolicy> = {
  ...fields,
  read(value, path, findings) {
    const values = fields.read(value, path, findings);
    if (values === undefined || findings.failed(path)) return undefined;
    const { workers, percent, period: periodMs } = values;
    if (workers !== null && percent !== null) {
      return findings.error(
        [...path, "percent"],
        "cannot stand beside workers; make it a policy of its own, and let select choose",
        "key",
      );
    }
    if (workers !== null) return { kind: "workers", value: workers, periodMs };
    if (percent !== null) return { kind: "percent", value: percent, periodMs };
    return findings.error(path, "says not how much; add workers: N or percent: N");
  },
  write: ({ kind, value, periodMs }) => fields.write({ workers: null, percent: null, [kind]: value, period: periodMs }),
};

const policies = list(policy, { of: "policies", orSingle: true });
const example = "such as {workers: 4, period: 15s} or {percent: 100, period: 15s}";

const panicKeys = {
  threshold: key(decimal({ above: 1 }), 2, "A wish of this many times the size goes up at once."),
  window: key(duration({ min: 1 }), 60_000, "No scale-down for so long after."),
};

/** Absent: nothing is damped but by cool-downs and steps. */
export const dampingKeys = {
  tolerance: key(decimal({ min: 0, max: 1 }), 0, "A change of less than this share of the size is left."),
  stabilization: sectionKey(
    {
      up: key(duration({ min: 0 }), 0, "The lowest wish of this time counts for a scale-up; 0: only the newest."),
      down: key(duration({ min: 0 }), 0, "The highest wish of this time counts for a scale-down; 0: only the newest."),
    },
    "Wishes of the past that count too.",
  ),
  policies: sectionKey(
    {
      up: key(policies, [], `Most growth within a period, ${example}.`),
      down: key(policies, [], `Most shrinkage within a period, ${example}.`),
      select: key(
        oneOf(["max", "min"], { meant: { disabled: "min" } }),
        "max",
        "Of several policies, the one that allows most (max) or least (min) counts.",
      ),
    },
    "What bounds a change beside the steps.",
  ),
  warm_up: key(duration({ min: 0 }), 0, "A worker younger than this is no capacity yet, and its load does not count."),
  panic: optionalKey(
    orNull(object(panicKeys)),
    "Sudden load goes up at once, without cool-down, step or policy; never when absent.",
  ),
  paused: key(flag(), false, "The size stays as it is."),
};

/** `damping` in the units of the farm. */
export function dampingOf(values: Values<typeof dampingKeys>): DampingSpec {
  const { tolerance, stabilization, policies: rules, warm_up: warmUpMs, panic, paused } = values;
  return {
    tolerance,
    upWindowMs: stabilization.up,
    downWindowMs: stabilization.down,
    upPolicies: rules.up,
    downPolicies: rules.down,
    select: rules.select,
    warmUpMs,
    panic: panic === null ? null : { threshold: panic.threshold, windowMs: panic.window },
    paused,
  };
}

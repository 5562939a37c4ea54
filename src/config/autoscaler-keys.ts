import { defaultsOf, object, orNull } from "./collections.ts";
import { key, optionalKey, requiredKey, type Kind, type Values } from "./kind.ts";
import { duration } from "./quantities.ts";
import { decimal, integer, notEmpty, oneOf, text } from "./scalars.ts";

/** The busy share a utilization pool aims at when the file names none. */
export const defaultTarget = 0.7;

/** The threshold for scaling down that follows from a target. */
export const derivedDownThreshold = (target: number): number => target * 0.5;

const share = decimal({ min: 0, max: 1 });

const strategyKeys = {
  type: requiredKey(
    oneOf(["fixed", "utilization", "service"], {
      later: ["queue", "schedule", "command", "max"],
      meant: { cpu: "utilization", busy: "utilization" },
    }),
    "fixed",
    "fixed keeps min; utilization aims at a share of busy workers; service is a custom strategy of the Symfony bundle.",
  ),
  target: optionalKey(
    orNull(decimal({ above: 0, max: 1 })),
    `utilization: the busy share to aim at, above 0 and up to 1; ${defaultTarget} when absent.`,
  ),
  scale_up_threshold: optionalKey(
    orNull(share),
    "utilization: scale up above this busy share; the target when absent.",
  ),
  scale_down_threshold: optionalKey(
    orNull(share),
    "utilization: scale down below this busy share; half the target when absent.",
  ),
  id: optionalKey(
    orNull(text({ expected: "the id of a service", problem: notEmpty })),
    "service: the id of the strategy service.",
  ),
};

const atLeastOne = integer({ min: 1 });

/** Above zero; zero has an answer of its own, because a later version allows it. */
const minimum: Kind<number> = {
  ...atLeastOne,
  read(value, path, findings) {
    if (value === 0) return findings.error(path, "0 is not supported by this version of pm yet; write 1 or more");
    return atLeastOne.read(value, path, findings);
  },
};

export const autoscalerKeys = {
  min: requiredKey(minimum, 1, "Fewest workers; the pool starts with these."),
  max: requiredKey(integer({ min: 1 }), 1, "Most workers."),
  priority: key(integer({}), 0, "Under total_cap the higher priority is served first."),
  smoothing_window_sec: key(duration({ min: 1 }), 30_000, "Time constant of the smoothed load."),
  scale_up_cooldown_sec: key(duration({ min: 0 }), 30_000, "Shortest time between two scale-ups."),
  scale_down_cooldown_sec: key(duration({ min: 0 }), 300_000, "Shortest time between two scale-downs."),
  scale_up_step: key(integer({ min: 1 }), 2, "Most workers added at once."),
  scale_down_step: key(integer({ min: 1 }), 1, "Most workers removed at once."),
  strategy: requiredKey(object(strategyKeys), defaultsOf(strategyKeys), "What decides the size."),
};

/** `autoscaler` of one consumer, in the names of the file. */
export type AutoscalerValues = Values<typeof autoscalerKeys>;

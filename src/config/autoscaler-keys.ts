import { sectionKey } from "./collections.ts";
import { dampingKeys } from "./damping-keys.ts";
import { key, requiredKey, type Values } from "./kind.ts";
import { duration } from "./quantities.ts";
import { integer } from "./scalars.ts";
import { strategy } from "./strategy-keys.ts";

export const autoscalerKeys = {
  min: requiredKey(
    integer({ min: 0 }),
    1,
    "Fewest workers; the pool starts with these. 0 where the strategy sees work without workers.",
  ),
  max: requiredKey(integer({ min: 1 }), 1, "Most workers."),
  priority: key(integer({}), 0, "Under total_cap the higher priority is served first."),
  smoothing_window_sec: key(duration({ min: 1 }), 30_000, "Time constant of the smoothed load."),
  scale_up_cooldown_sec: key(duration({ min: 0 }), 30_000, "Shortest time between two scale-ups."),
  scale_down_cooldown_sec: key(duration({ min: 0 }), 300_000, "Shortest time between two scale-downs."),
  scale_up_step: key(integer({ min: 1 }), 2, "Most workers added at once."),
  scale_down_step: key(integer({ min: 1 }), 1, "Most workers removed at once."),
  strategy: requiredKey(strategy, { type: "fixed" }, "What decides the size."),
  damping: sectionKey(dampingKeys, "What keeps the size calm."),
};

/** `autoscaler` of one consumer, in the names of the file. */
export type AutoscalerValues = Values<typeof autoscalerKeys>;

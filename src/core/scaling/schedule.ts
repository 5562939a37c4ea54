import type { ScheduleRule } from "../farm/scaling-spec.ts";
import { matches, parseCron } from "./cron.ts";
import { localMinute } from "./local-minute.ts";

/** What the clock says; null where it says nothing. */
export interface Bounds {
  readonly floor: number | null;
  readonly ceiling: number | null;
  readonly words: string;
}

/**
 * Of all rules that hold in this minute of the time zone: the highest floor and the lowest ceiling. Where they contradict each
 * other the ceiling counts, for it protects something. An expression that cannot be read never holds.
 */
export function bySchedule(rules: readonly ScheduleRule[], timeZone: string, epochMs: number): Bounds {
  const minute = localMinute(epochMs, timeZone);
  const holding = rules.filter(({ cron }) => {
    const parsed = parseCron(cron);
    return typeof parsed !== "string" && matches(parsed, minute);
  });
  const ceiling = extreme(
    holding.map(({ max }) => max),
    Math.min,
  );
  const highest = extreme(
    holding.map(({ min }) => min),
    Math.max,
  );
  const floor = highest !== null && ceiling !== null ? Math.min(highest, ceiling) : highest;
  const said = [...(floor === null ? [] : [`at least ${floor}`]), ...(ceiling === null ? [] : [`at most ${ceiling}`])];
  const which = holding.map(({ cron }) => `"${cron}"`).join(" and ");
  return { floor, ceiling, words: said.length === 0 ? "no rule holds now" : `${said.join(", ")} by ${which}` };
}

function extreme(values: readonly (number | null)[], choose: (...values: number[]) => number): number | null {
  const given = values.filter((value) => value !== null);
  return given.length === 0 ? null : choose(...given);
}

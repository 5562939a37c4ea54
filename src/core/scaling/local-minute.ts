/** A minute as the clock on the wall of a time zone shows it. */
export interface LocalMinute {
  readonly minute: number;
  readonly hour: number;
  readonly dayOfMonth: number;
  /** 1..12. */
  readonly month: number;
  /** 0 is Sunday. */
  readonly dayOfWeek: number;
}

const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** True for the names of the IANA time zone database that this build knows, `UTC` among them. */
export function isTimeZone(name: string): boolean {
  return formatterOf(name) !== null;
}

/** An unknown zone is read as UTC; `isTimeZone` tells before. */
export function localMinute(epochMs: number, timeZone: string): LocalMinute {
  const formatter = formatterOf(timeZone) ?? formatterOf("UTC");
  const parts = new Map(formatter?.formatToParts(epochMs).map(({ type, value }) => [type, value]));
  const number = (type: Intl.DateTimeFormatPartTypes) => Number(parts.get(type));
  return {
    minute: number("minute"),
    hour: number("hour"),
    dayOfMonth: number("day"),
    month: number("month"),
    dayOfWeek: weekdays.indexOf(parts.get("weekday") ?? ""),
  };
}

/** Making one costs a thousand times more than using it. */
const formatters = new Map<string, Intl.DateTimeFormat | null>();

function formatterOf(timeZone: string): Intl.DateTimeFormat | null {
  const known = formatters.get(timeZone);
  if (known !== undefined) return known;
  const made = formatterFor(timeZone);
  formatters.set(timeZone, made);
  return made;
}

function formatterFor(timeZone: string): Intl.DateTimeFormat | null {
  try {
    return new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      minute: "numeric",
      hour: "numeric",
      day: "numeric",
      month: "numeric",
      weekday: "short",
    });
  } catch {
    // The only way Intl says that it does not know the zone.
    return null;
  }
}

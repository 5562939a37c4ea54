import type { ScheduleRule } from "../core/farm/scaling-spec.ts";
import { parseCron } from "../core/scaling/cron.ts";
import { object, orNull } from "./collections.ts";
import { optionalKey, requiredKey, type Kind } from "./kind.ts";
import { integer, text } from "./scalars.ts";
import { nearest } from "./suggest.ts";

/** A name of the IANA list, or an offset such as +02:00. */
export const timeZone: Kind<string> = {
  ...text({ expected: "a time zone such as Europe/Berlin" }),
  read(value, path, findings) {
    if (typeof value === "string" && isTimeZone(value)) return value;
    const near =
      typeof value === "string" && !findings.hidden(path) ? nearest(value, Intl.supportedValuesOf("timeZone")) : null;
    const advice = near === null ? "write a name of the IANA list, or UTC" : `did you mean ${near}?`;
    return findings.mismatch(path, value, "a time zone such as Europe/Berlin", advice);
  },
};

function isTimeZone(name: string): boolean {
  try {
    void new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const fiveFields = text({ expected: 'five fields such as "0 8 * * 1-5"' });

const cron: Kind<string> = {
  ...fiveFields,
  read(value, path, findings) {
    const found = fiveFields.read(value, path, findings);
    const parsed = found === undefined ? null : parseCron(found);
    if (typeof parsed !== "string") return found;
    const why = findings.hidden(path) ? 'write five fields, such as "* 8-17 * * 1-5"' : parsed;
    return findings.error(path, `is no cron expression: ${why}`);
  },
};

const ruleKeys = {
  cron: requiredKey(
    cron,
    "* * * * *",
    "Minute, hour, day of month, month, day of week: the rule holds in each minute that fits.",
  ),
  min: optionalKey(orNull(integer({ min: 0 })), "Fewest workers while the rule holds."),
  max: optionalKey(orNull(integer({ min: 0 })), "Most workers while the rule holds."),
};

const fields = object(ruleKeys);

/** A floor, a ceiling or both, by the clock. */
export const scheduleRule: Kind<ScheduleRule> = {
  ...fields,
  read(value, path, findings) {
    const rule = fields.read(value, path, findings);
    if (rule === undefined || findings.failed([...path, "min"]) || findings.failed([...path, "max"])) return rule;
    if (rule.min === null && rule.max === null && !findings.failed(path)) {
      return findings.error(path, "does nothing; give it min, max or both");
    }
    if (rule.min === null || rule.max === null || rule.min <= rule.max) return rule;
    const shown = (name: string, workers: number): string => findings.show([...path, name], workers);
    return findings.error(
      [...path, "min"],
      `min ${shown("min", rule.min)} is more than max ${shown("max", rule.max)}; lower min or raise max`,
    );
  },
};

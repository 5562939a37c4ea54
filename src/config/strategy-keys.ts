import type { StrategySpec } from "../core/farm/scaling-spec.ts";
import { defaultsOf, list, object, orNull } from "./collections.ts";
import { commandLine } from "./command.ts";
import { failureAnswer } from "./failure-answer.ts";
import { optionalKey, requiredKey, type Kind, type Values } from "./kind.ts";
import { duration } from "./quantities.ts";
import { queueSource } from "./queue-source.ts";
import { decimal, notEmpty, oneOf, orFilledIn, text } from "./scalars.ts";
import { scheduleRule, timeZone } from "./schedule-keys.ts";
import { valuesOf } from "./strategy-values.ts";
import { defaults, strategyOf } from "./strategy.ts";

const share = decimal({ min: 0, max: 1 });

const types = ["fixed", "utilization", "queue", "schedule", "command", "max", "service"] as const;
const type = oneOf(types, { meant: { cpu: "utilization", busy: "utilization", cron: "schedule" } });

/** What a strategy is called inside a `max`. */
const typeOfPart: Kind<(typeof types)[number]> = {
  ...type,
  read(value, path, findings) {
    if (value !== "max") return type.read(value, path, findings);
    return findings.error(path, "a max holds no other max; move the strategies of this one a level up");
  },
  schema: orFilledIn({ enum: types.filter((each) => each !== "max") }),
};

const ownKeys = {
  target: optionalKey(
    orNull(decimal({ above: 0, max: 1 })),
    `utilization: the busy share to aim at, above 0 and up to 1; ${defaults.target} when absent.`,
  ),
  scale_up_threshold: optionalKey(
    orNull(share),
    "utilization: scale up above this busy share; the target when absent.",
  ),
  scale_down_threshold: optionalKey(
    orNull(share),
    "utilization: scale down below this busy share; half the target when absent.",
  ),
  queues: optionalKey(
    list(queueSource, { of: "queues", atLeastOne: true, orSingle: true }),
    "queue: where the waiting messages are counted; one or a list, which adds up. The tasks of the consumer itself when absent.",
  ),
  per_worker: optionalKey(
    orNull(decimal({ above: 0 })),
    "queue: waiting messages for each worker. Instead of max_wait.",
  ),
  max_wait: optionalKey(
    orNull(duration({ min: 1 })),
    "queue: the longest a message should wait. Instead of per_worker.",
  ),
  timezone: optionalKey(orNull(timeZone), `schedule: the time zone of the rules; ${defaults.timeZone} when absent.`),
  rules: optionalKey(
    orNull(list(scheduleRule, { of: "rules", atLeastOne: true })),
    'schedule: floors and ceilings by the clock, such as {cron: "* 8-17 * * 1-5", min: 4, max: 10}.',
  ),
  command: optionalKey(
    orNull(commandLine),
    "command: a program that reads a snapshot as JSON on its stdin and prints a number of workers.",
  ),
  mode: optionalKey(
    orNull(oneOf(["once", "lines"])),
    "command: once runs it for each decision (the default); lines keeps it running and asks it line by line.",
  ),
  timeout: optionalKey(
    orNull(duration({ min: 1 })),
    "queue, command: longest wait for an answer; 2s for queues and 5s for a command when absent.",
  ),
  on_failure: optionalKey(
    orNull(failureAnswer),
    "queue, command: without an answer, hold the size (default of queue), go by utilization (default of command), or take a number of workers.",
  ),
};

const id = optionalKey(
  orNull(text({ expected: "a command", problem: notEmpty })),
  "service: the command in one text; the same as type: command, for files of the Symfony bundle.",
);

const typeAbout =
  "fixed keeps min; utilization aims at a share of busy workers; queue goes by what waits, schedule by the clock, command by a program; max takes the largest of several.";

/** The keys of a strategy, in the names of the file. */
export type StrategyValues = Values<typeof ownKeys & { readonly id: typeof id }> & {
  readonly type: (typeof types)[number];
  readonly of: readonly StrategySpec[] | null;
};

function strategyKind(fields: Kind<StrategyValues>, blank: StrategyValues): Kind<StrategySpec> {
  return {
    ...fields,
    read(value, path, findings) {
      const values = fields.read(value, path, findings);
      return values === undefined ? undefined : strategyOf(values, path, findings);
    },
    write: (spec) => fields.write({ ...blank, ...valuesOf(spec) }),
  };
}

/** `of` where it can only be a mistake, which the type says already. */
const noParts: Kind<null> = { read: () => null, write: () => null, schema: { not: {} } };

const partKeys = {
  type: requiredKey(typeOfPart, "fixed", typeAbout),
  ...ownKeys,
  of: optionalKey(noParts, "Nothing."),
  id,
};

const part = strategyKind(object(partKeys), defaultsOf(partKeys));

const strategyKeys = {
  type: requiredKey(type, "fixed", typeAbout),
  ...ownKeys,
  of: optionalKey(
    orNull(list(part, { of: "strategies", atLeastOne: true })),
    "max: the strategies of which the largest wish counts, each with the keys above.",
  ),
  id,
};

/** What decides the size of a pool. */
export const strategy: Kind<StrategySpec> = strategyKind(object(strategyKeys), defaultsOf(strategyKeys));

import type { CgroupSpec, LimitName, LimitSpec, ProcessSpec } from "../core/farm/spec.ts";
import type { Identity } from "./accounts.ts";
import { object, orNull } from "./collections.ts";
import { formatDuration } from "./duration.ts";
import { key, optionalKey, requiredKey, type Key, type Kind, type Values } from "./kind.ts";
import { duration, size } from "./quantities.ts";
import { decimal, flag, integer, text } from "./scalars.ts";

const octal = text({
  expected: "a file mode mask such as 027",
  problem: (value) => (/^(?:0o)?[0-7]{1,4}$/u.test(value) ? null : "must be a mask in octal; write one, such as 027"),
});
const umask: Kind<string> = {
  ...octal,
  read(value, path, findings) {
    const read = octal.read(value, path, findings);
    if (read === undefined || maskOf(read) <= 0o777) return read;
    return findings.error(path, "masks no more than 0777; remove the first digit");
  },
};

const maskOf = (written: string): number => Number.parseInt(written.replace("0o", ""), 8);

const count = integer({ min: 0 });
const bytes = size({ minBytes: 0, bareUnitBytes: 1 });
const wholeSeconds = duration({ min: 1000 });
const seconds: Kind<number> = {
  ...wholeSeconds,
  read(value, path, findings) {
    const ms = wholeSeconds.read(value, path, findings);
    return ms === undefined ? undefined : Math.ceil(ms / 1000);
  },
  write: (value) => formatDuration(value * 1000),
};

/** One number (or `unlimited`) for both, or `{soft, hard}`. */
function limit(unit: Kind<number>): Kind<LimitSpec> {
  const side: Kind<number | null> = {
    read(value, path, findings) {
      if (value === "unlimited") return null;
      if (value === -1 || value === "infinity" || value === "max")
        return findings.mismatch(path, value, "a limit", "write unlimited");
      return unit.read(value, path, findings);
    },
    write: (value) => (value === null ? "unlimited" : unit.write(value)),
    schema: { anyOf: [{ enum: ["unlimited"] }, unit.schema] },
  };
  const pair = object({
    soft: requiredKey(side, null, "What holds."),
    hard: requiredKey(side, null, "How far the worker may raise it."),
  });
  return {
    read(value, path, findings) {
      if (!(value instanceof Map)) {
        const both = side.read(value, path, findings);
        return both === undefined ? undefined : { soft: both, hard: both };
      }
      const read = pair.read(value, path, findings);
      if (read === undefined || findings.failed(path) || most(read.soft) <= most(read.hard)) return read;
      return findings.error([...path, "soft"], "is more than hard; lower soft, or raise hard");
    },
    write: ({ soft, hard }) => (soft === hard ? side.write(soft) : pair.write({ soft, hard })),
    schema: {
      anyOf: [
        { enum: ["unlimited"] },
        unit.schema,
        { type: "object", required: ["soft", "hard"], additionalProperties: side.schema },
      ],
    },
  };
}

const most = (value: number | null): number => value ?? Number.POSITIVE_INFINITY;

const limitKey = (unit: Kind<number>, about: string): Key<LimitSpec | null> => optionalKey(orNull(limit(unit)), about);

const limitKeys: Readonly<Record<LimitName, Key<LimitSpec | null>>> = {
  nofile: limitKey(integer({ min: 1 }), "Open files, and so connections. When absent, what pm itself was given."),
  nproc: limitKey(count, "Processes and threads of the worker's user, counted over the whole machine."),
  core: limitKey(bytes, "Size of a core dump; 0 for none."),
  as: limitKey(bytes, "Address space."),
  cpu: limitKey(seconds, "Processor time; whole seconds."),
  data: limitKey(bytes, "Heap and other private memory."),
  fsize: limitKey(bytes, "Size of a file that is written."),
  memlock: limitKey(bytes, "Memory locked into RAM."),
  stack: limitKey(bytes, "Stack of the main thread."),
  msgqueue: limitKey(bytes, "POSIX message queues of the worker's user."),
  nice: limitKey(integer({ min: 0, max: 40 }), "How far the worker may lower its nice value: to 20 less this."),
  rtprio: limitKey(integer({ min: 0, max: 99 }), "Highest real-time priority."),
  sigpending: limitKey(count, "Signals that wait for the worker's user."),
};

const cgroupKeys = {
  memory_max: optionalKey(
    orNull(size({ minBytes: 1024 * 1024, bareUnitBytes: 1 })),
    "Memory of all workers of the consumer together; above it the kernel kills one.",
  ),
  cpu_max: optionalKey(orNull(decimal({ min: 0.01 })), "Processors of all workers together; 1.5 is one and a half."),
  pids_max: optionalKey(orNull(integer({ min: 1 })), "Processes and threads of all workers together."),
};

/** How the processes of a consumer are set up. */
export const processKeys = {
  umask: optionalKey(orNull(umask), "The mask of file modes, in octal; pm's own when absent."),
  nice: optionalKey(
    orNull(integer({ min: -20, max: 19 })),
    "The nice value, 19 being the nicest; pm's own when absent.",
  ),
  rlimits: optionalKey(
    orNull(object(limitKeys)),
    "Limits of each process: one number for both, unlimited, or {soft, hard}.",
  ),
  oom_score_adj: optionalKey(
    orNull(integer({ min: -1000, max: 1000 })),
    "Whom the kernel kills first when memory runs out: 1000 first, -1000 never.",
  ),
  no_new_privileges: key(flag(), false, "Whether set-user-ID programs and file capabilities give a worker nothing."),
  cgroup: optionalKey(
    orNull(object(cgroupKeys)),
    "A control group (v2) of the consumer; {} is one without limits. Without a delegated hierarchy pm warns and goes on.",
  ),
};

/** What `processKeys` hold. */
export type ProcessValues = Values<typeof processKeys>;

/** The set-up that these values describe. */
export function processOf(values: ProcessValues, { groups, userGroups }: Identity): ProcessSpec {
  const limits = Object.entries(values.rlimits ?? {}).filter(([, each]) => each !== null);
  return {
    umask: values.umask === null ? null : maskOf(values.umask),
    nice: values.nice,
    rlimits: Object.fromEntries(limits),
    oomScoreAdj: values.oom_score_adj,
    groups,
    userGroups,
    noNewPrivileges: values.no_new_privileges,
  };
}

/** The control group that these values describe. */
export function cgroupOf({ cgroup }: ProcessValues): CgroupSpec | null {
  if (cgroup === null) return null;
  return { memoryMaxBytes: cgroup.memory_max, cpuMax: cgroup.cpu_max, pidsMax: cgroup.pids_max };
}

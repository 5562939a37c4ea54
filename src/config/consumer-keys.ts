import { autoscalerKeys } from "./autoscaler-keys.ts";
import { list, map, object, orNull, sectionKey } from "./collections.ts";
import { commandLine } from "./command.ts";
import { consumerHooks } from "./hook-keys.ts";
import { key, optionalKey, type Kind, type Values } from "./kind.ts";
import { consumerLogKeys } from "./log-keys.ts";
import { processKeys } from "./process-keys.ts";
import { duration, size } from "./quantities.ts";
import { readiness } from "./ready.ts";
import { decimal, flag, integer, notEmpty, oneOf, text } from "./scalars.ts";
import { stopSignal } from "./signals.ts";
import { tasks } from "./task-keys.ts";

const word = text({ expected: "text", problem: notEmpty });
const path = text({
  expected: "a path",
  problem: (value) => (/^~(\/|$)/u.test(value) ? "~ is not expanded; write ${HOME}" : notEmpty(value)),
});
const account = text({
  expected: "a name or a numeric id",
  problem: (value) =>
    /^(\d{1,10}|[A-Za-z_][\w.-]*\$?)$/u.test(value)
      ? null
      : "must be a name or a numeric id; write one, such as www-data or 33",
});

/** The variables that tell a worker who it is, and how tasks come. */
const ownVariables = new Set([
  "PM_WORKER_ID",
  "PM_WORKER_SLOT",
  "PM_CONSUMER",
  "PM_IPC_FD",
  "PM_TASKS",
  "PM_TASK_CONCURRENCY",
  "PM_FASTCGI_SOCKET",
]);

const anyText = text({ expected: "text" });
const variable: Kind<string> = {
  ...anyText,
  read(value, at, findings) {
    if (value === null) return findings.error(at, "has no value; write '' for empty");
    return anyText.read(value, at, findings);
  },
};
const environment = map(variable, {
  of: "variables",
  problemOfName(name) {
    if (ownVariables.has(name)) return "pm sets this variable by itself; remove it";
    return name === "" || /[=\0]/u.test(name) ? "is no name of a variable; remove the = and write NAME: value" : null;
  },
});

const consumeArgsKeys = {
  memory_limit: optionalKey(
    orNull(
      size({
        minBytes: 1,
        bareUnitBytes: 1024 * 1024,
        suspicion: (bare) =>
          bare > 65_536
            ? "a bare number means megabytes here, and this is more than 64 GiB; write a unit, such as 128M"
            : null,
      }),
    ),
    "--memory-limit; a bare number means megabytes.",
  ),
  time_limit: optionalKey(orNull(duration({ min: 1000 })), "--time-limit; whole seconds."),
  limit: optionalKey(orNull(integer({ min: 1 })), "--limit: messages before the worker exits."),
  sleep: optionalKey(orNull(duration({ min: 0 })), "--sleep: pause when no message was found."),
  queues: key(list(word, { of: "queue names", orSingle: true }), [], "--queues, once for each."),
  extra: key(list(anyText, { of: "arguments", orSingle: true }), [], "More arguments, passed as they are."),
};

const exitCodes = list(integer({ min: 0, max: 255 }), { of: "exit codes from 0 to 255", unique: true });
const above0 = orNull(duration({ min: 1 }));

/** The keys of one consumer. */
export const consumerKeys = {
  command: optionalKey(
    orNull(commandLine),
    "argv of a worker: a list, or a text split into words without a shell. Instead of a preset.",
  ),
  preset: optionalKey(
    orNull(
      oneOf(["symfony-messenger"], {
        later: ["laravel", "celery", "sidekiq", "bullmq"],
        meant: { symfony: "symfony-messenger", messenger: "symfony-messenger" },
      }),
    ),
    "The framework whose command line, stop signal and exit codes apply; symfony-messenger is implied by transports without command.",
  ),
  transports: optionalKey(
    orNull(list(word, { of: "transports", atLeastOne: true, unique: true, orSingle: true })),
    "What the worker consumes, first things first; with command only labels.",
  ),
  consume_args: optionalKey(orNull(object(consumeArgsKeys)), "Options of messenger:consume."),
  processes: optionalKey(orNull(integer({ min: 1 })), "How many workers, 1 when absent; not together with autoscaler."),
  autoscaler: optionalKey(orNull(object(autoscalerKeys)), "A size that follows the load; not together with processes."),
  cwd: optionalKey(orNull(path), "Working directory, relative to this file."),
  env: key(environment, new Map(), "Variables added to the environment pm was started with."),
  env_file: optionalKey(
    orNull(list(path, { of: "paths", orSingle: true })),
    "Files of NAME=value lines; env wins over them.",
  ),
  user: optionalKey(orNull(account), "Runs the workers as this user: a name or a numeric id."),
  group: optionalKey(orNull(account), "Runs the workers with this group; that of the user when absent."),
  groups: optionalKey(
    orNull(list(account, { of: "groups", orSingle: true, unique: true })),
    "More groups of the workers: names or numeric ids; when absent, those that list user as a member.",
  ),
  ...processKeys,
  stop_signal: optionalKey(orNull(stopSignal), "Asks a worker to stop; that of the preset when absent, else TERM."),
  stop_timeout: optionalKey(
    orNull(duration({ min: 0 })),
    "From the stop signal to KILL; shutdown_timeout when absent, 0 waits for ever.",
  ),
  restart: key(
    oneOf(["always", "on-failure", "never"], {
      meant: {
        no: "never",
        false: "never",
        off: "never",
        yes: "always",
        true: "always",
        on: "always",
        "unless-stopped": "always",
      },
    }),
    "always",
    "Whether a worker that ended is started again.",
  ),
  min_uptime: key(
    duration({ min: 0 }),
    1000,
    "A clean exit earlier than this, without work, is delayed like a failure.",
  ),
  exit_codes: sectionKey(
    {
      success: key(exitCodes, [], "Exit codes that count like 0."),
      never_restart: key(exitCodes, [], "Exit codes that park the worker without a retry."),
    },
    "What the exit codes of a worker mean.",
  ),
  failure_limit: key(integer({ min: 1 }), 3, "Failures of one worker within failure_window; one more opens the limit."),
  failure_window: key(duration({ min: 1 }), 60_000, "How long a failure counts."),
  backoff_base: key(duration({ min: 1 }), 1000, "Delay after the first failure; it doubles with each further one."),
  backoff_max: key(duration({ min: 1 }), 30_000, "Longest delay."),
  backoff_jitter: key(decimal({ min: 0, max: 1 }), 0.1, "The share of a delay that chance may take away."),
  on_failure_limit: optionalKey(
    orNull(oneOf(["retry", "park", "exit"])),
    "Above failure_limit: retry at backoff_max (the default), park the consumer, or exit pm (the default in a file of the Symfony bundle).",
  ),
  essential: key(flag(), false, "When this consumer gives up, pm stops everything and exits 1."),
  max_lifetime: key(above0, null, "Replaces a worker older than this, less up to a tenth by chance; idle ones first."),
  max_memory: key(
    orNull(size({ minBytes: 1024 * 1024, bareUnitBytes: 1 })),
    null,
    "Replaces a worker whose process holds more memory than this; idle ones first.",
  ),
  max_idle: key(above0, null, "Replaces a worker without work for this long."),
  liveness: sectionKey(
    {
      ping_timeout: key(
        above0,
        null,
        "Replaces an idle worker that has spoken the protocol and leaves a ping unanswered for this long.",
      ),
      max_message_time: key(above0, null, "Replaces a worker that is busy with one message for this long."),
      no_progress: key(above0, null, "Replaces a worker that neither reported nor wrote anything for this long."),
    },
    "Replaces hung workers.",
  ),
  ready: key(
    readiness,
    { when: "started" },
    "When a fresh worker counts as ready: started, protocol, {after: 2s} or {log: regex}.",
  ),
  logs: sectionKey(consumerLogKeys, "Output of this consumer; wins over logs at the top of the file, key by key.", {
    on_slow_sink: "logs at the top of the file",
  }),
  poll_interval_ms: key(
    integer({ min: 1 }),
    200,
    "Accepted for files of the Symfony bundle; has no effect, because pm reacts to events.",
  ),
  tasks: optionalKey(orNull(tasks), "Hands tasks to the workers, instead of letting them fetch their own work."),
  hooks: optionalKey(
    orNull(consumerHooks),
    "What runs when something happens here, beside hooks at the top of the file.",
  ),
};

/** One consumer in the names of the file, durations in milliseconds, sizes in bytes. */
export type ConsumerValues = Values<typeof consumerKeys>;

/** Options of messenger:consume, in the names of the file. */
export type ConsumeArgs = NonNullable<ConsumerValues["consume_args"]>;

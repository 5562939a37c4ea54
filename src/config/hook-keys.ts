import type { HookEvent, HookSpec } from "../core/farm/spec.ts";
import { list, object, orNull, sectionKey } from "./collections.ts";
import { commandLine } from "./command.ts";
import type { Findings } from "./findings.ts";
import type { Path } from "./issue.ts";
import { key, optionalKey, type Key, type Kind, type Values } from "./kind.ts";
import { duration } from "./quantities.ts";
import { headers } from "./queue-keys.ts";
import { integer } from "./scalars.ts";
import { url } from "./url.ts";

const actionKeys = {
  command: optionalKey(orNull(commandLine), "A program that gets the event as JSON on its stdin."),
  webhook: optionalKey(
    orNull(url({ schemes: ["http", "https"], example: "https://hooks.example.com/pm" })),
    "URL to which the event is posted as JSON.",
  ),
  headers: optionalKey(headers, "webhook: more headers of the request."),
  timeout: key(duration({ min: 1 }), 10_000, "Longest run; then it is killed."),
  limit: sectionKey(
    {
      runs: key(integer({ min: 1, max: 1000 }), 10, "At most so many runs for each consumer."),
      per: key(duration({ min: 1 }), 60_000, "In any stretch of this length."),
    },
    "How often it runs at most; what is left out is counted and told with the next run.",
  ),
  stderr_lines: key(integer({ min: 0, max: 200 }), 20, "How many of the worker's last lines of stderr it gets."),
};

type ActionValues = Values<typeof actionKeys>;
/** A hook without the event it is for. */
type HookAction = Omit<HookSpec, "on">;

const fields = object(actionKeys);

const hook: Kind<HookAction> = {
  read(value, path, findings) {
    const values = fields.read(value, path, findings);
    return values === undefined ? undefined : actionOf(values, path, findings);
  },
  write({ action, timeoutMs, limit, stderrLines }) {
    const rest = {
      timeout: timeoutMs,
      limit: { runs: limit.runs, per: limit.periodMs },
      stderr_lines: stderrLines,
    };
    if (action.kind === "command")
      return fields.write({ ...rest, command: action.command, webhook: null, headers: null });
    const sent = new Map(Object.entries(action.headers));
    return fields.write({ ...rest, command: null, webhook: action.url, headers: sent.size === 0 ? null : sent });
  },
  get schema() {
    return fields.schema;
  },
  keys: actionKeys,
};

function actionOf(values: ActionValues, path: Path, findings: Findings): HookAction | undefined {
  const { command, webhook, headers: sent, timeout: timeoutMs, limit, stderr_lines: stderrLines } = values;
  const rest = { timeoutMs, limit: { runs: limit.runs, periodMs: limit.per }, stderrLines };
  if (command !== null && webhook !== null) {
    const advice = "make it a hook of its own (an event takes one, or a list)";
    return findings.error([...path, "webhook"], `cannot stand beside command; ${advice}`, "key");
  }
  if (command !== null && sent !== null) {
    return findings.error([...path, "headers"], "means nothing to a command; remove it", "key");
  }
  if (command !== null) return { action: { kind: "command", command }, ...rest };
  if (webhook !== null) {
    return { action: { kind: "webhook", url: webhook, headers: Object.fromEntries(sent ?? []) }, ...rest };
  }
  // A misspelt key has been told, and may be the one that is missing.
  return findings.failed(path)
    ? undefined
    : findings.error(path, "does nothing; add command: [PROGRAM] or webhook: URL");
}

const actions = orNull(list(hook, { of: "hooks", orSingle: true }));
const on = (about: string): Key<readonly HookAction[] | null> => optionalKey(actions, about);

const consumerEvents = {
  worker_failed: on("Hooks for a worker that ended with a failure, or could not be started."),
  limit_reached: on("Hooks for a worker over its failure_limit."),
  consumer_parked: on("Hooks for a consumer that pm has given up."),
  consumer_recovered: on("Hooks for a consumer that is no longer degraded."),
  scaled: on("Hooks for a new size, by the autoscaler or by hand."),
  drain_stuck: on("Hooks for a worker still there at the end of its stop_timeout; where that is 0, after 60 s."),
  worker_killed: on("Hooks for a worker that got SIGKILL, at the end of its stop_timeout or by a second stop signal."),
  worker_replaced: on("Hooks for a worker that is replaced because it hangs or is over a limit."),
  messages_lost: on("Hooks for a worker that ended with messages in flight."),
} satisfies Partial<Record<HookEvent, unknown>>;

const farmEvents = {
  reload_failed: on("Hooks for a reload that was rejected or failed."),
  farm_started: on("Hooks for pm that has started its workers."),
  farm_stopping: on("Hooks for pm that begins to stop."),
} satisfies Partial<Record<HookEvent, unknown>>;

const belongsInside = Object.fromEntries(
  Object.keys(actionKeys).map((name) => [name, "an event, such as worker_failed"]),
);
const belongsAtTop = Object.fromEntries(Object.keys(farmEvents).map((name) => [name, "hooks at the top of the file"]));

/** `hooks` of the whole farm: every event, each with one hook or a list. */
export const farmHooks = object({ ...consumerEvents, ...farmEvents }, belongsInside);

/** `hooks` of one consumer, beside those of the farm. */
export const consumerHooks = object(consumerEvents, { ...belongsInside, ...belongsAtTop });

/** The hooks that these values name, in the order of the events above; null names none. */
export function hooksOf(
  values: Readonly<Partial<Record<HookEvent, readonly HookAction[] | null>>> | null,
): readonly HookSpec[] {
  const events = [...Object.keys(consumerEvents), ...Object.keys(farmEvents)].filter(isEvent);
  return events.flatMap((event) => (values?.[event] ?? []).map((action) => withEvent(event, action)));
}

const withEvent = (event: HookEvent, action: HookAction): HookSpec => ({ on: event, ...action });

function isEvent(name: string): name is HookEvent {
  return Object.hasOwn(consumerEvents, name) || Object.hasOwn(farmEvents, name);
}

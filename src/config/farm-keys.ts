import { clusterKeys } from "./cluster-keys.ts";
import { defaultsOf, list, map, object, orFalse, orNull, sectionKey } from "./collections.ts";
import { consumerKeys } from "./consumer-keys.ts";
import { farmHooks } from "./hook-keys.ts";
import { host } from "./host.ts";
import { key, optionalKey, type Values } from "./kind.ts";
import { farmLogKeys } from "./log-keys.ts";
import { duration } from "./quantities.ts";
import { decimal, flag, integer, notEmpty, text } from "./scalars.ts";
import { sourceKeys } from "./source-keys.ts";
import { taskServer } from "./task-server-keys.ts";

const fileMode = text({
  expected: "a file mode such as 0600",
  problem: (value) => (/^(0o?)?[0-7]{3}$/u.test(value) ? null : "must be a file mode in octal; write 0600 or 0660"),
});

const httpKeys = {
  host: key(host("http_server.port"), "127.0.0.1", "Address to listen on."),
  port: key(integer({ min: 0, max: 65_535 }), 9100, "Port to listen on; 0 lets the kernel choose."),
};

const controlKeys = {
  socket: optionalKey(
    orNull(text({ expected: "a path", problem: notEmpty })),
    "Path of the Unix socket, relative to this file; one that follows from the path of this file when absent.",
  ),
  mode: key(fileMode, "0600", "Access rights of the socket."),
};

const messageMetricsKeys = {
  enabled: key(flag(), true, "Whether the messenger_* metrics exist."),
  whitelist: key(
    list(text({ expected: "a class name", problem: notEmpty }), { of: "class names", orSingle: true }),
    [],
    "Message classes allowed as a label, exact or with * and ?; empty allows all.",
  ),
  duration_buckets: key(
    list(decimal({ above: 0 }), { of: "bounds in seconds", atLeastOne: true }),
    [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60],
    "Bounds of the histogram of message durations, in seconds.",
  ),
};

/** What is wrong with the name of a consumer, or null. */
export function problemOfConsumerName(name: string): string | null {
  if (name === "") return "a consumer needs a name; write one";
  return /[\s\p{Cc}:]/u.test(name)
    ? "the name of a consumer holds no blank, control character or colon; use - or _ instead"
    : null;
}

const belongsAtTop = Object.fromEntries(
  [
    "shutdown_timeout",
    "total_cap",
    "autoscaler_interval_sec",
    "http_server",
    "task_server",
    "metrics",
    "control",
    "reload_on_change",
    "source",
    "cluster",
  ].map((name) => [name, "the top of the file"]),
);

/** Every key of pm.yaml: the only home of names, types, defaults, limits and descriptions. */
export const farmKeys = {
  shutdown_timeout: key(duration({ min: 0 }), 30_000, "From the stop signal to KILL at shutdown; 0 waits for ever."),
  total_cap: key(orNull(integer({ min: 1 })), null, "Most live workers over all consumers; null is no cap."),
  autoscaler_interval_sec: key(duration({ min: 100 }), 10_000, "How often the autoscaler decides."),
  host_brake: key(
    flag(),
    true,
    "Whether the autoscaler adds no workers while memory, processors or processes are short on this host.",
  ),
  http_server: key(
    orFalse(object(httpKeys)),
    defaultsOf(httpKeys),
    "Where health and metrics are served; false turns it off.",
  ),
  task_server: optionalKey(orNull(taskServer), "Where tasks may come in by TCP, with a token; it can do nothing else."),
  metrics: sectionKey({ messages: sectionKey(messageMetricsKeys, "Metrics of messages.") }, "What is measured."),
  logs: sectionKey(farmLogKeys, "Output of the workers."),
  control: key(orFalse(object(controlKeys)), defaultsOf(controlKeys), "The control socket; false turns it off."),
  reload_on_change: key(flag(), false, "Whether a change of this file, or of an env_file, is a reload."),
  source: optionalKey(orNull(object(sourceKeys)), "A program that names more consumers."),
  cluster: optionalKey(orNull(object(clusterKeys)), "Which share of the farm this node runs; all of it when absent."),
  hooks: optionalKey(orNull(farmHooks), "What runs when something happens, for all consumers."),
  consumers: key(
    map(object(consumerKeys, belongsAtTop), { of: "consumers", problemOfName: problemOfConsumerName }),
    new Map(),
    "The pools: a name, and what runs under it. With a source there may be none.",
  ),
};

/** The whole file in its own names, durations in milliseconds, sizes in bytes. */
export type FarmValues = Values<typeof farmKeys>;

const anyFarm = object(farmKeys);
const someConsumers = { required: ["consumers"], properties: { consumers: { type: "object", minProperties: 1 } } };

/** Reads and writes the whole file. */
export const farmKind: typeof anyFarm = {
  read: (value, path, findings) => anyFarm.read(value, path, findings),
  write: (value) => anyFarm.write(value),
  keys: farmKeys,
  get schema() {
    return { ...anyFarm.schema, type: "object", anyOf: [someConsumers, { required: ["source"] }] };
  },
};

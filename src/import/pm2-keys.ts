import { formatDuration } from "../config/duration.ts";
import { formatSize, parseSize } from "../config/size.ts";
import type { ConsumerDraft, Draft } from "./draft.ts";
import type { Origin, Place } from "./imported.ts";
import { scalarText, type JsValue } from "./js-value.ts";
import { onlyVariable } from "./marks.ts";
import { relativePath } from "./paths.ts";

/** An app of PM2 on its way. */
export interface App {
  readonly draft: Draft;
  readonly consumer: ConsumerDraft;
  readonly origin: Origin;
  readonly value: JsValue;
}

/** Where a key stands. */
interface KeyPlace extends Place {
  readonly key: string;
}

/** What becomes of one key of an app. */
export type AppRule = (value: JsValue, at: KeyPlace, app: App) => void;

const done: AppRule = () => undefined;

const without =
  (text: string): AppRule =>
  (_, at, { consumer }) =>
    consumer.lose(at, at.key, text);

/** Said only of a value other than false. */
const withoutUnlessOff =
  (text: string): AppRule =>
  (value, at, { consumer }) => {
    if (!(value.kind === "flag" && !value.flag)) consumer.lose(at, at.key, text);
  };

const once =
  (text: string): AppRule =>
  (_, at, { draft }) =>
    draft.loseOnce(at, at.key, text);

const output = once(
  "was about PM2's log files; pm writes all output, labelled, to its own stdout and stderr, so let the platform or a collector keep it",
);
const watching = withoutUnlessOff(
  "restarted the app when files changed; pm does not watch files, so use the program's own watch mode while developing",
);
const keymetrics = once("was about PM2 itself and its monitoring; pm has /metrics, `pm dashboard` and `pm alerts`");
const cluster =
  "shared a listening port among the processes of a cluster; pm has no such socket, so let each listen with SO_REUSEPORT or on a port made of PM_WORKER_SLOT, or run one";

/** `10s`, `5m`, `1h`, or milliseconds. */
function millisecondsOf(value: JsValue): number | null {
  const [, amount, unit = ""] = /^(\d+(?:\.\d+)?)(h|m|s|ms)?$/u.exec(scalarText(value)?.trim() ?? "") ?? [];
  const factors: Readonly<Record<string, number>> = { "": 1, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  return amount === undefined ? null : Number(amount) * factors[unit]!;
}

const time =
  (...keys: readonly string[]): AppRule =>
  (value, at, { consumer }) => {
    const ms = millisecondsOf(value);
    if (ms === null) consumer.lose(at, at.key, `is no time that pm import can read; set ${keys[0]} by hand`);
    // 0 is PM2's word for the default of these.
    else if (ms > 0) for (const key of keys) consumer.set(key, formatDuration(ms));
  };

const text =
  (key: string): AppRule =>
  (value, at, { consumer }) => {
    const read = scalarText(value);
    if (read === null || read === "") consumer.lose(at, at.key, `is no text; set ${key} by hand`);
    else consumer.set(key, read);
  };

const instances: AppRule = (value, at, { consumer, origin }) => {
  const wanted = scalarText(value) ?? "";
  const number = Number(wanted);
  if (wanted === "max" || number <= 0) {
    const spared = wanted === "max" ? 0 : number;
    const size = Math.max(1, origin.processors + spared);
    consumer.set("processes", size);
    consumer.lose(
      at,
      at.key,
      `${wanted} went by the processors of the machine; pm takes a number, so ${size} stands here, counted on this one`,
    );
  } else if (Number.isSafeInteger(number)) consumer.set("processes", number);
  else if (onlyVariable(wanted) !== null) consumer.set("processes", wanted);
  else consumer.lose(at, at.key, "is no number of workers; set processes by hand");
};

const memory: AppRule = (value, at, { consumer }) => {
  const size = parseSize(scalarText(value) ?? "");
  if (size.ok && size.value >= 1024 * 1024) consumer.set("max_memory", formatSize(size.value));
  else consumer.lose(at, at.key, "is no size of 1M or more; set max_memory by hand");
};

const env: AppRule = (value, at, { consumer }) => {
  if (value.kind !== "object") {
    consumer.lose(at, at.key, "is no object; write env by hand");
    return;
  }
  for (const entry of value.entries) {
    const place = { file: at.file, line: entry.line };
    const read = scalarText(entry.value);
    if (read !== null) consumer.addEnv({ [entry.key]: read });
    else if (entry.value.kind === "unreadable")
      consumer.lose(
        place,
        `${at.key}.${entry.key}`,
        `can't read this expression at line ${entry.line}, since the file is not run; write its value into env`,
      );
    else consumer.lose(place, `${at.key}.${entry.key}`, "is no text; write what the program should see into env");
  }
};

const otherEnv: AppRule = (value, at, { consumer }) => {
  const names = value.kind === "object" ? value.entries.map((entry) => entry.key).join(", ") : "";
  const choice = at.key.slice("env_".length);
  consumer.lose(
    at,
    names === "" ? at.key : `${at.key} (${names})`,
    `applied with --env ${choice} only; pm has one env, so write those values into it, or \${NAME} and set them where pm starts`,
  );
};

/** Every key of an app that PM2 documents, with its aliases. */
export const appRules: Readonly<Record<string, AppRule>> = {
  // What the command and the name are made of.
  ...Object.fromEntries(
    [
      "name",
      "script",
      "exec",
      "cmd",
      "command",
      "args",
      "interpreter",
      "exec_interpreter",
      "interpreter_args",
      "interpreterArgs",
      "node_args",
      "nodeArgs",
    ].map((key) => [key, done]),
  ),
  cwd: (value, at, { consumer, origin }) => {
    const path = scalarText(value);
    if (path === null || path === "" || path.startsWith("~"))
      consumer.lose(at, at.key, "is no path that pm takes; set cwd by hand");
    else consumer.set("cwd", relativePath(path, origin));
  },
  instances,
  exec_mode: (value, at, { consumer }) => {
    if (scalarText(value)?.startsWith("cluster") === true) consumer.lose(at, at.key, cluster);
  },
  env,
  "env_*": otherEnv,
  max_memory_restart: memory,
  kill_timeout: time("stop_timeout"),
  min_uptime: time("min_uptime"),
  restart_delay: time("backoff_base", "backoff_max"),
  exp_backoff_restart_delay: (value, at, app) => {
    time("backoff_base")(value, at, app);
    if (app.consumer.keys.has("backoff_base")) app.consumer.set("backoff_max", "15s", "where PM2 stops to double");
  },
  max_restarts: (value, at, { consumer }) => {
    const limit = Number(scalarText(value) ?? "");
    if (!Number.isSafeInteger(limit) || limit < 0) consumer.lose(at, at.key, "is no number; set failure_limit by hand");
    else {
      consumer.set("failure_limit", Math.max(1, limit));
      if (limit === 0) consumer.lose(at, at.key, "0 allowed no second try; failure_limit is at least 1");
      consumer.set("on_failure_limit", "park");
    }
  },
  autorestart: (value, _, { consumer }) => {
    if (value.kind === "flag" && !value.flag) consumer.set("restart", "never");
  },
  stop_exit_codes: (value, at, { consumer }) => {
    const codes = (value.kind === "list" ? value.items : [value]).map((item) => Number(scalarText(item) ?? "x"));
    consumer.addExitCodes("never_restart", codes);
    // A clean exit that ends it for good is what this policy means.
    if (codes.includes(0) && consumer.keys.get("restart") !== "never") consumer.set("restart", "on-failure");
    if (codes.some((code) => !Number.isInteger(code)))
      consumer.lose(at, at.key, "holds no exit codes; write exit_codes by hand");
  },
  uid: text("user"),
  user: text("user"),
  gid: text("group"),
  port: (value, at, { consumer }) => {
    const port = scalarText(value);
    if (port === null) consumer.lose(at, at.key, "is no number; write PORT into env");
    else consumer.addEnv({ PORT: port });
  },
  wait_ready: withoutUnlessOff(
    'waited for process.send(\'ready\'); send {"type":"ready"} with the client of `pm client node` instead, then write ready: protocol',
  ),
  listen_timeout: without(
    "was how long PM2 waits for an app to listen; pm starts workers and asks /readyz, without a limit",
  ),
  shutdown_with_message: withoutUnlessOff(
    'stopped the app by a message; pm sends a signal (stop_signal), and {"type":"drain"} to workers that speak its protocol',
  ),
  cron_restart: without("restarted the app by the clock; pm does not, so use max_lifetime, or restart it from cron"),
  cron: without("restarted the app by the clock; pm does not, so use max_lifetime, or restart it from cron"),
  watch: watching,
  watch_delay: watching,
  ignore_watch: watching,
  watch_options: watching,
  increment_var: without("counted a variable up from process to process; PM_WORKER_SLOT does, from 0"),
  instance_var: without("named the variable with the number of the process; it is PM_WORKER_SLOT, from 0"),
  namespace: once("named a group of apps; pm has consumers only, which go by their names"),
  name_prefix: once("changed the names of apps; write them as you want them"),
  append_env_to_name: once("changed the names of apps; write them as you want them"),
  filter_env: withoutUnlessOff(
    "kept variables of the shell from the app; pm passes on the environment it was started with, so start it with less",
  ),
  treekill: (value, at, { consumer }) => {
    if (value.kind === "flag" && !value.flag)
      consumer.lose(
        at,
        at.key,
        "false spared the app's own children; pm kills what is left of a worker's process group when it has ended",
      );
  },
  kill_retry_time: without("was the time between two looks at a stopping app; pm hears of its end at once"),
  force: once("started an app twice; pm starts what the file says"),
  // pm loads nothing into a program.
  source_map_support: once(
    "had PM2 load a library into the app for source maps; write node --enable-source-maps into command",
  ),
  disable_source_map_support: done,
  log_type: output,
  ...Object.fromEntries(
    "out_file out output out_log error_file error err err_file err_log log_file log disable_logs log_date_format time merge_logs combine_logs pid_file pid"
      .split(" ")
      .map((key) => [key, output]),
  ),
  ...Object.fromEntries(
    "vizion vizion_running trace disable_trace v8 event_loop_inspector deep_monitoring pmx automation io post_update install_url write execute_command username windowsHide"
      .split(" ")
      .map((key) => [key, keymetrics]),
  ),
};

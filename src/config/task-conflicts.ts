import type { ConsumerValues } from "./consumer-keys.ts";
import type { Findings } from "./findings.ts";
import type { Path } from "./issue.ts";
import type { TaskValues } from "./task-keys.ts";
import type { TaskSourceValues } from "./task-source-keys.ts";

/** Reports every impossible combination of `tasks` with the other keys of its consumer and of its own keys. `path` is that of the consumer. */
export function checkTasks(values: ConsumerValues, path: Path, findings: Findings): void {
  const { tasks } = values;
  if (tasks === null) return;
  const at = [...path, "tasks"];
  // Which keys mean something depends on the protocol.
  if (!findings.failed([...at, "protocol"])) checkProtocol(tasks, at, findings);
  if (takesAddress(values, path, findings)) checkAddress(values, path, findings);
  if (tasks.from !== null) checkSource(tasks.from, [...at, "from"], findings);
}

/** Whether a server that is there already does the work, or was meant to. */
export function takesAddress({ tasks }: ConsumerValues, path: Path, findings: Findings): boolean {
  return tasks !== null && (tasks.address !== null || findings.failed([...path, "tasks", "address"]));
}

/** Keys of `tasks` that belong to one protocol. */
const belongsTo = {
  jsonl: ["concurrency", "prefetch"],
  fastcgi: ["address", "connections", "script", "params"],
} as const satisfies Readonly<Record<TaskValues["protocol"], readonly (keyof TaskValues)[]>>;

function checkProtocol(tasks: TaskValues, path: Path, findings: Findings): void {
  const { protocol, concurrency, prefetch } = tasks;
  const other = protocol === "jsonl" ? "fastcgi" : "jsonl";
  for (const name of belongsTo[other]) {
    if (tasks[name] === null) continue;
    const why = name === "concurrency" ? "where a worker does one task at a time; use more processes" : "remove it";
    const said = `belongs to protocol: ${other} and means nothing to ${protocol}`;
    findings.error([...path, name], name === "concurrency" ? `${said}, ${why}` : `${said}; ${why}`, "key");
  }
  if (protocol === "fastcgi") {
    if (tasks.script === null && !findings.failed([...path, "script"])) {
      findings.error([...path, "script"], "is missing; name the script that handles a task: /app/task.php", "key");
    }
    if (tasks.connections !== null && tasks.address === null && !findings.failed([...path, "address"])) {
      findings.error(
        [...path, "connections"],
        "needs address; a worker of pm has one connection, so use processes",
        "key",
      );
    }
  } else if (concurrency !== null && concurrency > 1 && prefetch !== null && prefetch !== "auto" && prefetch > 0) {
    findings.error([...path, "prefetch"], "cannot be given together with concurrency; remove one of the two", "key");
  }
}

/** Keys that describe workers, of which there are none with an address. */
const ofWorkers = ["command", "preset", "transports", "processes", "autoscaler"] as const;

function checkAddress(values: ConsumerValues, path: Path, findings: Findings): void {
  for (const name of ofWorkers) {
    if (values[name] === null && !findings.failed([...path, name])) continue;
    const advice = "where the work is done by a server that is there already; remove one of the two";
    findings.error([...path, name], `cannot be given together with tasks.address, ${advice}`, "key");
  }
  if ((values.tasks?.max_tasks ?? null) !== null) {
    const advice = "where pm has no worker to replace; remove one of the two";
    findings.error([...path, "tasks", "max_tasks"], `cannot be given together with address, ${advice}`, "key");
  }
}

function checkSource(from: TaskSourceValues, path: Path, findings: Findings): void {
  const has = (name: keyof TaskSourceValues): boolean => from[name] !== null || findings.failed([...path, name]);
  if (has("list") && has("stream")) {
    findings.error([...path, "stream"], "cannot stand beside list; keep one of the two", "key");
    return;
  }
  if (!has("list") && !has("stream")) {
    // A misspelt key has been told, and may be the one that is missing.
    if (!findings.failed(path)) findings.error(path, "names no queue; add list: KEY, or stream: KEY");
    return;
  }
  if (has("list")) {
    for (const name of ["group", "field"] as const) {
      if (has(name))
        findings.error([...path, name], "belongs to a stream and means nothing to a list; remove it", "key");
    }
  } else if (from.format === "sidekiq") {
    findings.error(
      [...path, "stream"],
      'cannot hold jobs of Sidekiq, which are in lists; write list: "queue:default"',
      "key",
    );
  }
  const key = from.list ?? from.stream;
  if (key !== null && from.dead_letter === key) {
    findings.error(
      [...path, "dead_letter"],
      `is the ${from.list === null ? "stream" : "list"} itself; name another key`,
    );
  }
}

import { map, object, orNull } from "./collections.ts";
import { formatDuration } from "./duration.ts";
import { fastcgiAddress } from "./fastcgi-address.ts";
import { key, optionalKey, requiredKey, type Kind, type Values } from "./kind.ts";
import { duration, size } from "./quantities.ts";
import { integer, oneOf, text } from "./scalars.ts";
import { taskSource } from "./task-source-keys.ts";

/** From this bare number on somebody may think of milliseconds. */
const suspiciousSeconds = 10_000;

const anyTimeout = duration({ min: 1 });
const timeout: Kind<number> = {
  ...anyTimeout,
  read(value, path, findings) {
    const read = anyTimeout.read(value, path, findings);
    if (read !== undefined && typeof value === "number" && value >= suspiciousSeconds) {
      const meant = `write ${formatDuration(value)} if milliseconds are meant, else ${formatDuration(read)}`;
      findings.warn(path, `a bare number is seconds, so this is ${formatDuration(read)}; ${meant}`);
    }
    return read;
  },
};

const atMost = integer({ min: 0, max: 1000 });
const prefetch: Kind<number | "auto"> = {
  read(value, path, findings) {
    if (value === "auto" || typeof value === "number")
      return value === "auto" ? value : atMost.read(value, path, findings);
    return findings.mismatch(path, value, "auto or a whole number from 0 to 1000");
  },
  write: (value) => value,
  schema: { anyOf: [{ enum: ["auto"] }, atMost.schema] },
};

const script = text({
  expected: "an absolute path",
  problem: (value) =>
    value.startsWith("/") ? null : "must be an absolute path, as the server sees it; write one such as /app/task.php",
});

const param = text({
  expected: "text",
  problem(value) {
    // `${…}` is for somebody else.
    const names = [...value.matchAll(/(?<!\$)\{(\w+)(?:\.[^{}\s]+)?\}/gu)].map(([, name]) => name);
    if (names.every((name) => name === "payload")) return null;
    return "holds an unknown placeholder; use only {payload} and {payload.KEY}, such as {payload.args.0}";
  },
});
const params = map(param, {
  of: "parameters",
  problemOfName(name) {
    if (name === "CONTENT_LENGTH") return "pm sets this parameter by itself; remove it";
    return /^[^\s=\p{Cc}]+$/u.test(name) ? null : "is no name of a parameter; write one such as QUERY_STRING";
  },
});

/** How tasks are handed to the workers of a consumer. */
export const taskKeys = {
  protocol: requiredKey(
    oneOf(["jsonl", "fastcgi"], {
      meant: {
        json: "jsonl",
        ndjson: "jsonl",
        jsonlines: "jsonl",
        stdio: "jsonl",
        pipe: "jsonl",
        lines: "jsonl",
        fcgi: "fastcgi",
        cgi: "fastcgi",
        fpm: "fastcgi",
        "php-fpm": "fastcgi",
        "php-cgi": "fastcgi",
      },
    }),
    "jsonl",
    "How: jsonl, a line of JSON on stdin and one on stdout for each task; or fastcgi, a request for each task.",
  ),
  mailbox_limit: key(
    integer({ min: 1, max: 100_000 }),
    100,
    "Most tasks that wait for one worker; a task beyond that is refused at once.",
  ),
  dispatch: key(
    oneOf(["least_loaded", "round_robin"], { meant: { least_connections: "least_loaded", rr: "round_robin" } }),
    "least_loaded",
    "Who gets a task: the worker with the fewest, or the next in turn.",
  ),
  timeout: key(timeout, 60_000, "From acceptance to answer, waiting included; a request may ask for another one."),
  retries: key(
    integer({ min: 0, max: 100 }),
    0,
    "How often a task that failed or lost its worker is run again; a request may ask for another number.",
  ),
  concurrency: optionalKey(
    orNull(integer({ min: 1, max: 1000 })),
    "jsonl: tasks one worker does at the same time; 1 when absent.",
  ),
  prefetch: optionalKey(
    orNull(prefetch),
    "jsonl: tasks handed to a worker beyond the one at work; auto, by how long tasks run, when absent.",
  ),
  max_tasks: optionalKey(orNull(integer({ min: 1 })), "Replaces a worker after so many tasks."),
  max_size: key(
    size({ minBytes: 1024, maxBytes: 1024 * 1024 * 1024, bareUnitBytes: 1 }),
    32 * 1024 * 1024,
    "Longest payload and longest answer.",
  ),
  address: optionalKey(
    orNull(fastcgiAddress),
    "fastcgi: a server that is there already, unix:/path or host:port; pm starts no workers then. Instead of command.",
  ),
  connections: optionalKey(
    orNull(integer({ min: 1, max: 1000 })),
    "address: connections to that server, each for one task at a time; 8 when absent.",
  ),
  script: optionalKey(orNull(script), "fastcgi: the script, as SCRIPT_FILENAME; absolute, as the server sees it."),
  params: optionalKey(
    orNull(params),
    "fastcgi: more parameters, in which {payload} and {payload.KEY} are filled in; they win over those of pm.",
  ),
  from: optionalKey(orNull(taskSource), "A queue in Redis whose entries become tasks, acknowledged after the answer."),
};

/** `tasks` in the names of the file, durations in milliseconds, sizes in bytes. */
export type TaskValues = Values<typeof taskKeys>;

const theConsumer = Object.fromEntries(
  ["command", "processes", "autoscaler", "transports", "preset", "max_lifetime", "max_memory"].map((name) => [
    name,
    "the consumer, beside tasks",
  ]),
);

/** `tasks` of one consumer. */
export const tasks = object(taskKeys, theConsumer);

import type { QueueSpec } from "../core/farm/scaling-spec.ts";

/** A queue, or what is wrong and what to do, which never shows the DSN. */
export type MessengerQueue = QueueSpec | string;

const whatWorks = "pm can count behind redis:// and doctrine://";

/** What to write for the transports that a DSN alone does not let pm count. */
const otherwise: Readonly<Record<string, string>> = {
  amqp: "write {rabbitmq: http://guest:guest@host:15672, queue: NAME} in place of messenger",
  amqps: "write {rabbitmq: https://guest:guest@host:15671, queue: NAME} in place of messenger",
  sync: "a sync transport has no queue; remove it",
  "in-memory": "an in-memory transport has no queue; remove it",
};

/** The queue behind the DSN of a Symfony Messenger transport; `database` is where the connection of doctrine:// points. */
export function messengerQueue(dsn: string, database: string | null): MessengerQueue {
  const scheme = /^([a-z][a-z0-9+.-]*):/iu.exec(dsn)?.[1]?.toLowerCase() ?? "";
  if (scheme === "doctrine") return doctrineQueue(dsn, database);
  if (database !== null) return "database belongs to a doctrine:// transport; remove it";
  if (["redis", "rediss", "valkey", "valkeys"].includes(scheme)) return redisQueue(dsn, scheme);
  const advice = Object.hasOwn(otherwise, scheme)
    ? otherwise[scheme]
    : "write {command: …} with a program that prints the number";
  return `is no transport that pm can count by its DSN: ${whatWorks}; ${advice}`;
}

/** Where Symfony looks for what its DSN does not say. */
const redisDefaults = { stream: "messages", group: "symfony" };

function redisQueue(dsn: string, scheme: string): MessengerQueue {
  const url = URL.parse(dsn);
  if (dsn.includes(",") || url?.searchParams.has("host[]") === true || /[?&]host(\[|%5B)/iu.test(dsn)) {
    return "names several servers, which pm cannot count in one; write one entry for each, with redis, stream and group";
  }
  if (url === null || (url.hostname === "" && url.pathname.length < 2)) {
    return "is not a valid DSN; write redis://user:password@host:6379/stream/group, with special characters of a password such as @ as %40";
  }
  const query = url.searchParams;
  if (["sentinel", "sentinel_master", "redis_sentinel"].some((name) => query.has(name))) {
    return "goes through Sentinel, which pm does not ask; write redis: URL of the master, with stream and group";
  }
  const isSocket = url.hostname === "";
  // On a socket the path is that of the socket, so that names can only stand in the query.
  const [stream, group] = isSocket ? [] : url.pathname.split("/").slice(1).map(decode);
  const database = query.get("dbindex") ?? "0";
  if (!/^\d+$/u.test(database)) return "has a dbindex that is no number; write one such as dbindex=1";
  if (isSocket && (query.has("auth") || database !== "0")) {
    return "is a socket with auth or dbindex, which pm cannot use together; write host and port";
  }
  return {
    kind: "redis",
    url: isSocket ? `redis+unix://${url.pathname}` : redisUrlOf(url, scheme, database),
    shape: "stream",
    key: stream || query.get("stream") || redisDefaults.stream,
    group: group || query.get("group") || redisDefaults.group,
  };
}

function redisUrlOf(url: URL, scheme: string, database: string): string {
  // Symfony takes a name without a password for the password; `auth` wins over both.
  const password = url.password || url.username;
  const user = url.password === "" ? "" : url.username;
  const auth = url.searchParams.get("auth");
  const login = auth !== null ? `:${encodeURIComponent(auth)}@` : password === "" ? "" : `${user}:${password}@`;
  return `${scheme === "rediss" || scheme === "valkeys" ? "rediss" : "redis"}://${login}${url.host}/${database}`;
}

/** What stands in a path; a stray % stays. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The present in UTC, as Messenger writes it into `available_at`. */
const nowInUtc: readonly (readonly [schemes: RegExp, sql: string])[] = [
  [/^postgres/u, "(now() AT TIME ZONE 'utc')"],
  [/^(mysql|mariadb)/u, "utc_timestamp()"],
  [/^sqlite/u, "datetime('now')"],
];

function doctrineQueue(dsn: string, database: string | null): MessengerQueue {
  if (database === null) {
    return "names a connection of Doctrine, which pm cannot see; write {dsn: doctrine://…, database: postgres://user:password@host/database}";
  }
  const query = URL.parse(dsn)?.searchParams ?? new URLSearchParams();
  const table = query.get("table_name") ?? "messenger_messages";
  const queue = query.get("queue_name") ?? "default";
  if (!/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)?$/u.test(table)) {
    return "has a table_name that would need quotes; write {sql: URL, query: SELECT count(*) …} in its place";
  }
  if (!/^[\w.:@/-]+$/u.test(queue)) {
    return "has a queue_name that would need quotes; write {sql: URL, query: SELECT count(*) …} in its place";
  }
  const now = nowInUtc.find(([schemes]) => schemes.test(database))?.[1] ?? "current_timestamp";
  return {
    kind: "sql",
    url: database,
    query: `SELECT COUNT(*) FROM ${table} WHERE queue_name = '${queue}' AND delivered_at IS NULL AND available_at <= ${now}`,
  };
}

import { defaultsOf, map, object, orNull } from "./collections.ts";
import { commandLine } from "./command.ts";
import { jsonPath } from "./json-path.ts";
import { optionalKey, requiredKey, type Kind, type Values } from "./kind.ts";
import { notEmpty, text } from "./scalars.ts";
import { databaseUrl, httpUrl, rabbitmqUrl, redisUrl } from "./url.ts";

const name = (what: string) => orNull(text({ expected: what, problem: notEmpty }));

/** Headers of a request. */
export const headers = map(
  text({
    expected: "text",
    problem: (value) => (/[\r\n]/u.test(value) ? "must be one line; remove the line breaks" : notEmpty(value)),
  }),
  {
    of: "headers",
    problemOfName: (header) =>
      /^[\w!#$%&'*+.^`|~-]+$/u.test(header) ? null : "is no name of a header; write one such as Authorization",
  },
);

const transportKeys = {
  dsn: requiredKey(
    text({ expected: "a DSN", problem: notEmpty }),
    "",
    "DSN of a Symfony Messenger transport, redis://… or doctrine://…; redis://… can stand alone: {messenger: DSN}.",
  ),
  database: optionalKey(orNull(databaseUrl), "URL of the database that the connection of doctrine:// points at."),
};

const transport = object(transportKeys);

/** A DSN, or a mapping with it and what it does not say. */
const messenger: Kind<Values<typeof transportKeys>> = {
  read(value, path, findings) {
    if (value instanceof Map) return transport.read(value, path, findings);
    const dsn = transportKeys.dsn.kind.read(value, path, findings);
    return dsn === undefined ? undefined : { dsn, database: null };
  },
  write: (value) => transport.write(value),
  get schema() {
    return { anyOf: [{ type: "string" }, transport.schema] };
  },
  keys: transportKeys,
};

/** The keys of one queue: a source and what it needs. */
export const queueKeys = {
  redis: optionalKey(
    orNull(redisUrl),
    "URL of a Redis server; with list, sorted_set, or stream and group. queues is one entry, or a list that adds up.",
  ),
  list: optionalKey(name("a key of Redis"), "redis: the list whose items are counted."),
  sorted_set: optionalKey(name("a key of Redis"), "redis: the sorted set whose members are counted."),
  stream: optionalKey(
    name("a key of Redis"),
    "redis: the stream of which is counted what its group has not been given yet.",
  ),
  group: optionalKey(name("the name of a group"), "redis: the consumer group of the stream."),
  sql: optionalKey(orNull(databaseUrl), "URL of a database of PostgreSQL, MySQL or SQLite; with query."),
  rabbitmq: optionalKey(orNull(rabbitmqUrl), "URL of the management API of RabbitMQ; with queue."),
  queue: optionalKey(name("the name of a queue"), "rabbitmq: the queue whose messages are counted."),
  vhost: optionalKey(name("the name of a virtual host"), "rabbitmq: its virtual host; / when absent."),
  prometheus: optionalKey(orNull(httpUrl), "URL of a Prometheus server; with query."),
  query: optionalKey(
    name("a query"),
    "sql: a query whose first column of the first row is the number. prometheus: an expression.",
  ),
  http: optionalKey(orNull(httpUrl), "URL of a JSON document."),
  path: optionalKey(orNull(jsonPath), "http: where the number stands in the document; the whole document when absent."),
  headers: optionalKey(headers, "http: headers of the request."),
  command: optionalKey(orNull(commandLine), "A program that prints the number."),
  messenger: optionalKey(
    messenger,
    "DSN of a Symfony Messenger transport: redis://…, or {dsn: doctrine://…, database: URL}.",
  ),
};

export type QueueValues = Values<typeof queueKeys>;
type QueueKey = keyof QueueValues;

/** Every source, the keys it needs and those it may have. */
export const sources = {
  redis: { needs: [], may: ["list", "sorted_set", "stream", "group"] },
  sql: { needs: ["query"], may: [] },
  rabbitmq: { needs: ["queue"], may: ["vhost"] },
  prometheus: { needs: ["query"], may: [] },
  http: { needs: [], may: ["path", "headers"] },
  command: { needs: [], may: [] },
  messenger: { needs: [], may: [] },
} as const satisfies Readonly<
  Partial<Record<QueueKey, { readonly needs: readonly QueueKey[]; readonly may: readonly QueueKey[] }>>
>;

/** Whether a key names a source, of which an entry has one. */
export const isSource = (key: string): key is keyof typeof sources => Object.hasOwn(sources, key);

/** An entry that names nothing. */
export const none: QueueValues = defaultsOf(queueKeys);

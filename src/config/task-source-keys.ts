import { object, orNull } from "./collections.ts";
import { key, optionalKey, requiredKey, type Values } from "./kind.ts";
import { duration } from "./quantities.ts";
import { integer, notEmpty, oneOf, text } from "./scalars.ts";
import { redisUrl } from "./url.ts";

const name = (what: string) => orNull(text({ expected: what, problem: notEmpty }));

/** Where the tasks of a consumer are fetched from. */
export const taskSourceKeys = {
  redis: requiredKey(redisUrl, "", "URL of the Redis server; with list or stream."),
  list: optionalKey(name("a key of Redis"), "The list whose entries become tasks, oldest (rightmost) first."),
  stream: optionalKey(name("a key of Redis"), "The stream whose entries become tasks. Instead of list."),
  group: optionalKey(name("the name of a group"), "stream: the consumer group pm reads as; pm when absent."),
  field: optionalKey(name("the name of a field"), "stream: the field that holds the entry; payload when absent."),
  format: key(
    oneOf(["json", "text", "sidekiq"], { meant: { raw: "text", string: "text", plain: "text", resque: "sidekiq" } }),
    "json",
    "What an entry is: json, the payload itself; text, which the payload holds as a string; sidekiq, a job of Sidekiq.",
  ),
  max_attempts: key(
    integer({ min: 1, max: 1000 }),
    5,
    "An entry that failed so often goes to dead_letter; with sidekiq the job's own retry wins.",
  ),
  dead_letter: optionalKey(
    name("a key of Redis"),
    "Key for entries that are given up; that of the list or stream with :dead behind it when absent, and dead with sidekiq.",
  ),
  reclaim: key(
    duration({ min: 1000 }),
    60_000,
    "Entries in the hands of a pm without a sign of life for this long are taken over.",
  ),
};

export type TaskSourceValues = Values<typeof taskSourceKeys>;

/** Keys people look for here. */
export const taskSource = object(taskSourceKeys, { retries: "tasks", timeout: "tasks", protocol: "tasks" });

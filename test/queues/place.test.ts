import { expect, test } from "bun:test";
import type { QueueSpec } from "../../src/core/farm/scaling-spec.ts";
import { placeOf } from "../../src/queues/place.ts";

const list = (url: string): QueueSpec => ({ kind: "redis", url, key: "jobs", shape: "list" });
const sql = (url: string): QueueSpec => ({ kind: "sql", url, query: "SELECT 's3cret'" });
const http = (url: string): QueueSpec => ({ kind: "http", url, headers: { "x-key": "s3cret" }, path: [] });

test.each<[QueueSpec, string]>([
  [list("redis://app:s3cret@cache:6379/2"), "redis list jobs at cache:6379"],
  [list("redis://:s3cret@[::1]:6379"), "redis list jobs at [::1]:6379"],
  [list("redis:///run/redis.sock"), "redis list jobs at /run/redis.sock"],
  [list("redis+unix://:s3cret@localhost/run/redis.sock"), "redis list jobs at /run/redis.sock"],
  [list("redis://:s3@cret@cache"), "redis list jobs at cache"],
  [list("redis://:s3cret/x@cache"), "redis list jobs at an address with an @ in it"],
  [list("redis://:s3cret#x@cache"), "redis list jobs at an address with an @ in it"],
  [{ kind: "redis", url: "redis://h", key: "s", shape: "stream", group: "g" }, "redis stream s at h"],
  [{ kind: "redis", url: "redis://h", key: "z", shape: "sorted_set" }, "redis sorted set z at h"],
  [sql("postgres://app:s3cret@db/shop?password=s3cret"), "sql at db"],
  [sql("sqlite:///var/app.db"), "sql at /var/app.db"],
  [sql("sqlite://app.db?key=s3cret"), "sql at app.db"],
  [http("https://u:s3cret@api.example/s3cret/path?token=s3cret"), "http at api.example"],
  [{ kind: "prometheus", url: "http://u:s3cret@prom:9090/x", query: "up" }, "prometheus at prom:9090"],
  [{ kind: "rabbitmq", url: "http://u:s3cret@mq:15672", vhost: "/", queue: "q" }, "rabbitmq queue q at mq:15672"],
  [{ kind: "command", command: ["/opt/bin/depth", "--password", "s3cret"] }, "command depth"],
])("%j is told without credentials", (spec, place) => {
  expect(placeOf(spec)).toBe(place);
});

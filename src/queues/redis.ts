import type { QueueSpec } from "../core/farm/scaling-spec.ts";
import { Connection } from "./connection.ts";
import { toDepth } from "./count.ts";
import { failed, type QueueReading, type Source } from "./queue.ts";
import { streamBacklog } from "./redis-stream.ts";

type RedisSpec = Extract<QueueSpec, { kind: "redis" }>;

/** Sends one command; rejects with what the server says. */
export type Send = (command: string, ...args: string[]) => Promise<unknown>;

/** A list or sorted set by its length, a stream by what its group has not been given yet. A key that does not exist has no messages. */
export function redisSource(spec: RedisSpec, timeoutMs: number): Source {
  const connection = new Connection(
    (lost) => {
      const client = new Bun.RedisClient(clientUrl(spec.url), {
        autoReconnect: false,
        enableOfflineQueue: false,
        connectionTimeout: timeoutMs,
      });
      client.onclose = lost; // oxlint-disable-line unicorn/prefer-add-event-listener -- it has no other way
      return client;
    },
    (client) => client.close(),
  );
  return {
    read: (signal) =>
      connection.use(signal, async (client) => {
        if (!client.connected) await client.connect();
        return waiting(spec, (command, ...args) => client.send(command, args));
      }),
    close: () => connection.close(),
  };
}

async function waiting(spec: RedisSpec, send: Send): Promise<QueueReading> {
  try {
    switch (spec.shape) {
      case "list":
        return toDepth(await send("LLEN", spec.key));
      case "sorted_set":
        return toDepth(await send("ZCARD", spec.key));
      case "stream":
        return await streamBacklog(send, spec.key, spec.group);
    }
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith("WRONGTYPE"))) throw error;
    const wanted = spec.shape.replace("_", " ");
    return failed(`the key ${spec.key} holds a ${String(await send("TYPE", spec.key))}, not a ${wanted}`);
  }
}

/** Messenger and php-redis name a socket `redis:///run/redis.sock`, which Bun takes for a database. */
export function clientUrl(url: string): string {
  const [, user = "", path] = /^redis:\/\/([^/@]*@)?(\/.*\D.*)$/u.exec(url) ?? [];
  if (path === undefined) return url;
  return `redis+unix://${user === "" ? "" : `${user}localhost`}${path}`; // an URL with a user must have a host
}

import type { Send } from "../../queues/redis.ts";

/** Rejects, in words for people, when there is something else at this key. */
export async function demandKind(send: Send, key: string, kind: "list" | "stream" | "zset"): Promise<void> {
  const found = String(await send("TYPE", key));
  if (found === "none" || found === kind) return;
  throw new Error(`the key ${key} holds a ${found}, not a ${kind}`);
}

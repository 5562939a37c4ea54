import type { Send } from "../../queues/redis.ts";

/** What Redis does in one piece, so that a death at any moment finds it done or not begun. */
export interface RedisScript {
  readonly text: string;
  readonly sha1: string;
}

export function redisScript(text: string): RedisScript {
  return { text, sha1: new Bun.CryptoHasher("sha1").update(text).digest("hex") };
}

/** Runs a script, which is sent only if the server does not know it yet. */
export async function runScript(
  send: Send,
  script: RedisScript,
  keys: readonly string[],
  args: readonly string[],
): Promise<unknown> {
  const rest = [String(keys.length), ...keys, ...args];
  try {
    return await send("EVALSHA", script.sha1, ...rest);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
    return send("EVAL", script.text, ...rest);
  }
}

/** A script's answer as the flat list of texts it is. */
export function texts(answer: unknown): string[] {
  return Array.isArray(answer) ? answer.map((each: unknown) => (typeof each === "string" ? each : "")) : [];
}

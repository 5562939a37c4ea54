import type { HookSpec } from "../core/farm/spec.ts";
import { explain } from "../queues/explain.ts";
import { withoutCredentials } from "../queues/http-text.ts";
import { oneLine, secretsOf } from "../queues/secrets.ts";

/** So much of a refusal is read. */
const maxRefusalBytes = 1024;

/**
 * Posts a JSON text: null for a status of 2xx, else what was wrong. Redirects are not followed, since neither credentials nor the event
 * are for somebody else. See `RunHook`.
 */
export async function postWebhook(
  { url, headers }: Extract<HookSpec["action"], { kind: "webhook" }>,
  body: string,
  signal: AbortSignal,
): Promise<string | null> {
  const secrets = secretsOf({ kind: "http", url, headers, path: [] });
  // The path of a chat's webhook is its password.
  const { pathname, search } = new URL(url);
  for (const part of [url, pathname + search, ...pathname.split("/")]) if (part.length > 3) secrets.add(part);
  try {
    const { target, sent } = withoutCredentials(new URL(url), { "content-type": "application/json", ...headers });
    const request = { method: "POST", body, headers: sent, signal, redirect: "manual", keepalive: false } as const;
    const response = await fetch(target, request);
    if (response.ok) {
      await response.body?.cancel();
      return null;
    }
    return oneLine(await refusalOf(response), secrets);
  } catch (error) {
    return oneLine(explain(error), secrets);
  }
}

async function refusalOf(response: Response): Promise<string> {
  const status = `HTTP ${response.status}`;
  if (response.status >= 300 && response.status < 400) {
    await response.body?.cancel();
    return `${status}: a redirect, which pm does not follow; give the URL it leads to`;
  }
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString("utf8");
    if (text.length > maxRefusalBytes) break; // leaving the loop cancels the rest
  }
  const [line = ""] = text.trim().split("\n", 1);
  return line === "" ? status : `${status}: ${line}`;
}

import { failed, type Failure } from "./queue.ts";

/** More than any answer with one number in it. */
const maxBodyBytes = 1 << 20;

export interface HttpAnswer {
  readonly ok: true;
  readonly status: number;
  readonly text: string;
}

/**
 * What a URL answers to GET, whatever the status, up to 1 MiB. A redirect is a failure: credentials do not follow it. User and
 * password of the URL are sent as Basic authorization, unless the headers have their own. Rejects as fetch does.
 */
export async function getText(
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<HttpAnswer | Failure> {
  const { target, sent } = withoutCredentials(url, { accept: "application/json", ...headers });
  // One question every few seconds: no connection is worth keeping, and none can be left behind.
  const response = await fetch(target, { headers: sent, signal, redirect: "manual", keepalive: false });
  if (response.status >= 300 && response.status < 400) {
    await response.body?.cancel();
    return failed(`HTTP ${response.status}: a redirect, which pm does not follow; give the URL it leads to`);
  }
  const text = await boundedText(response);
  if (text === null) return failed(`the answer is longer than ${maxBodyBytes} bytes`);
  return { ok: true, status: response.status, text };
}

/** A URL without its user and password, which become a header, unless there is one of that kind already. */
export function withoutCredentials(
  url: URL,
  headers: Readonly<Record<string, string>>,
): { readonly target: URL; readonly sent: Headers } {
  const target = new URL(url);
  target.username = "";
  target.password = "";
  const sent = new Headers(headers);
  if (url.username !== "" && !sent.has("authorization")) sent.set("authorization", basic(url));
  return { target, sent };
}

/** The value of a JSON text, or undefined when it is none: JSON has no undefined. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A member of an object or list, as JSON has them; undefined when there is none. */
export function memberOf(value: unknown, key: string | number): unknown {
  if (Array.isArray(value)) return value[Number(key)];
  if (typeof value !== "object" || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, key)?.value; // its own: no `constructor`
}

async function boundedText(response: Response): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) return null; // leaving the loop cancels the rest
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function basic(url: URL): string {
  const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return `Basic ${Buffer.from(user).toString("base64")}`;
}

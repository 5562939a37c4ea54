import { isIPv6 } from "node:net";
import type { HttpSpec } from "../core/farm/spec.ts";

/** Where a program in the same container asks whether pm is alive; null where nothing is served, or the kernel chooses the port. */
export function healthUrl(http: HttpSpec | null): string | null {
  if (http === null || http.port === 0) return null;
  const any: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };
  const host = any[http.host] ?? http.host;
  return `http://${isIPv6(host) ? `[${host}]` : host}:${http.port}/livez`;
}

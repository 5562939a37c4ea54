import type { FastcgiAddress } from "./tasks-spec.ts";

/** As pm.yaml has it: `unix:/run/php.sock`, `127.0.0.1:9000` or `[::1]:9000`. */
export function formatFastcgiAddress(address: FastcgiAddress): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  const { host, port } = address;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

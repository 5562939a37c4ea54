import { isIpAddress } from "../config/ip-address.ts";

/** A host as it was written, without the brackets of an IPv6 address. */
export function withoutBrackets(host: string): string {
  return host.trim().replace(/^\[(.*)\]$/u, "$1");
}

/** The address to listen on, IPv4 where a name has both. Asked before binding, because what Bun says of an unknown name is random. */
export async function resolveHost(host: string): Promise<string | null> {
  if (isIpAddress(host)) return host;
  if (host === "localhost") return "127.0.0.1"; // also where no file of hosts exists
  if (host === "") return null;
  try {
    const { lookup } = await import("node:dns/promises"); // few farms need it, and its start takes long
    const addresses = await lookup(host, { all: true });
    return (addresses.find(({ family }) => family === 4) ?? addresses[0])?.address ?? null;
  } catch {
    return null; // no such name
  }
}

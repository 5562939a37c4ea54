/** How an address is written in a URL and in messages: IPv6 in brackets. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The block of pm.yaml that says where to listen. */
export type ListenKey = "http_server" | "task_server";

/** Why a server could not listen, and what to do, on one line. `error` is what Bun threw. */
export function explainBindError(error: unknown, host: string, port: number, key: ListenKey = "http_server"): string {
  const where = `${key}: cannot listen on ${hostAndPort(host, port)}`;
  switch (codeOf(error)) {
    case "EADDRINUSE":
      return `${where}: the port is in use; stop the other program or set ${key}.port (0 takes a free one)`;
    case "EACCES":
    case "EPERM":
      return `${where}: no permission; set ${key}.port to 1024 or more, or give pm CAP_NET_BIND_SERVICE`;
    case "EADDRNOTAVAIL":
      return `${where}: this machine has no such address; set ${key}.host to one it has, 127.0.0.1 for instance`;
    case "EAFNOSUPPORT":
      return `${where}: this machine has no IPv6; set ${key}.host to an IPv4 address`;
    case "EMFILE":
    case "ENFILE":
      return `${where}: no file descriptor is free; raise the limit of open files`;
    case "EINVAL": // a link-local address without its interface, for one
      return unknownHost(host, key);
    default:
      return `${where}: ${error instanceof Error ? error.message.split("\n", 1)[0] : String(error)}`;
  }
}

/** For a host that is no address and no name that resolves. */
export function unknownHost(host: string, key: ListenKey = "http_server"): string {
  return `${key}.host: ${JSON.stringify(host)} is not an address or a known name; use 127.0.0.1, 0.0.0.0 or ::1, for instance`;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : null;
}

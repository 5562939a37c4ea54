import { formatFastcgiAddress } from "../core/farm/fastcgi-address.ts";
import type { FastcgiAddress } from "../core/farm/tasks-spec.ts";
import type { Kind } from "./kind.ts";
import { text } from "./scalars.ts";

const examples = "unix:/run/php/php-fpm.sock or 127.0.0.1:9000";

/** Longer than this, in bytes, is no address of a Unix socket. */
const longestSocketPath = 107;

const written = text({ expected: `an address such as ${examples}`, problem });

/** Where a FastCGI server listens: `unix:/path`, `/path`, `host:port` or `[::1]:port`. */
export const fastcgiAddress: Kind<FastcgiAddress> = {
  read(value, path, findings) {
    const found = written.read(value, path, findings);
    return found === undefined ? undefined : addressOf(found);
  },
  write: (address) => written.write(formatFastcgiAddress(address)),
  schema: written.schema,
};

const socketPath = /^(?:unix:)?(\/(?!\/).*)$/u;
const hostAndPort = /^(?:\[([\da-f:.]+)\]|([a-z\d](?:[a-z\d.-]*[a-z\d])?)):(\d{1,5})$/iu;

function problem(value: string): string | null {
  const socket = socketPath.exec(value)?.[1];
  if (socket !== undefined) {
    return Buffer.byteLength(socket) > longestSocketPath
      ? `is longer than ${longestSocketPath} bytes, the most a Unix socket may have; use a shorter path`
      : null;
  }
  const port = Number(hostAndPort.exec(value)?.[3] ?? Number.NaN);
  if (port >= 1 && port <= 65_535) return null;
  if (port === 0 || port > 65_535) return "names no port from 1 to 65535 behind the colon; write one such as 9000";
  if (value.startsWith("unix://")) return "has more slashes than one behind unix:; write unix:/run/php/php-fpm.sock";
  if (value.startsWith("unix:")) return "must be an absolute path; write one such as unix:/run/php/php-fpm.sock";
  if (/^[a-z]+:\/\//iu.test(value)) return "must be an address without a scheme; write host:port";
  if (/^:?\d+$/u.test(value)) return `names no host; write 127.0.0.1:${value.replace(":", "")}`;
  return `must be an address; write one such as ${examples}`;
}

/** Of a text without a problem. */
function addressOf(value: string): FastcgiAddress {
  const path = socketPath.exec(value)?.[1];
  if (path !== undefined) return { kind: "unix", path };
  const [, v6, name, port] = hostAndPort.exec(value) ?? [];
  return { kind: "tcp", host: v6 ?? name ?? "", port: Number(port) };
}

/**
 * Datagrams to the Unix socket of a service manager, which Bun has no API for. Loaded only where there is a service manager;
 * the rules of bun:ffi are in `libc.ts`.
 */
import { dlopen, ptr, read } from "bun:ffi";
import { closeFd, errnoName, ownBuffer } from "./libc.ts";

const { symbols } = dlopen("libc.so.6", {
  __errno_location: { args: [], returns: "ptr" },
  clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
  sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: "i64" },
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
});

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const CLOCK_MONOTONIC = 1;
// oxlint-disable-next-line no-underscore-dangle -- the C library's name
const errnoAt = symbols.__errno_location();
/** Room for a path in sockaddr_un. */
const maxPathBytes = 108;

/** What became of a datagram: `busy` can be tried again, a text says why it will not go. */
export type Sent = { readonly ok: true } | { readonly ok: false; readonly busy: boolean; readonly why: string };

/** A socket to send from. Never blocks, never throws once it is there. */
export class NotifySocket {
  readonly #fd: number;
  readonly #address: Buffer;

  /** `address` is a path, or a name in the abstract namespace behind `@`. Throws, in one line, where it is neither or there is no descriptor. */
  constructor(address: string) {
    this.#address = socketAddress(address);
    this.#fd = symbols.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (this.#fd < 0) throw new Error(errorText());
  }

  send(text: string): Sent {
    const bytes = ownBuffer(Buffer.byteLength(text));
    bytes.write(text);
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    const sent = symbols.sendto(this.#fd, ptr(bytes), bytes.length, flags, ptr(this.#address), this.#address.length);
    if (sent >= 0) return { ok: true };
    const why = errorText();
    return { ok: false, busy: why === "EAGAIN" || why === "ENOBUFS" || why === "EINTR", why };
  }

  close(): void {
    closeFd(this.#fd);
  }
}

/** The kernel's monotonic clock in microseconds, as a service manager compares it with its own. */
export function monotonicMicroseconds(): bigint {
  const time = ownBuffer(16);
  symbols.clock_gettime(CLOCK_MONOTONIC, ptr(time));
  return time.readBigInt64LE(0) * 1_000_000n + time.readBigInt64LE(8) / 1000n;
}

/** struct sockaddr_un: the family, then the path with its NUL, or a NUL and the abstract name, which ends where the address does. */
function socketAddress(text: string): Buffer {
  const abstract = text.startsWith("@");
  if (!abstract && !text.startsWith("/")) throw new Error("its address is neither a path nor an abstract name");
  const path = Buffer.from(abstract ? `\0${text.slice(1)}` : `${text}\0`);
  if (path.length > maxPathBytes) throw new Error("its address is too long");
  const address = ownBuffer(2 + path.length);
  address.writeUInt16LE(AF_UNIX, 0);
  path.copy(address, 2);
  return address;
}

function errorText(): string {
  return errnoAt === null ? "unknown error" : errnoName(read.i32(errnoAt, 0));
}

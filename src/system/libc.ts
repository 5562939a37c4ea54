/**
 * The kernel calls that pm itself lives on and Bun has no API for. bun:ffi is used in this folder and nowhere else, so that the risk of it
 * stays in one place; what few need (a service manager's socket, the set-up of a process) is in files of its own, loaded when it is wanted.
 *
 * Two rules of bun:ffi: a pointer may only be taken of a view on an ArrayBuffer of its own (`ownBuffer`), since small typed
 * arrays live in the JavaScript heap and move; and errno must be read right after the call that set it.
 */
import { dlopen, ptr, read } from "bun:ffi";
import { constants } from "node:os";

const { symbols } = dlopen("libc.so.6", {
  __errno_location: { args: [], returns: "ptr" },
  close: { args: ["i32"], returns: "i32" },
  epoll_create1: { args: ["i32"], returns: "i32" },
  epoll_ctl: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
  epoll_wait: { args: ["i32", "ptr", "i32", "i32"], returns: "i32" },
  fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
  flock: { args: ["i32", "i32"], returns: "i32" },
  getrlimit: { args: ["i32", "ptr"], returns: "i32" },
  getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  kill: { args: ["i32", "i32"], returns: "i32" },
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
  pipe2: { args: ["ptr", "i32"], returns: "i32" },
  prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
  pthread_sigmask: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  read: { args: ["i32", "ptr", "u64"], returns: "i32" },
  send: { args: ["i32", "ptr", "u64", "i32"], returns: "i32" },
  shutdown: { args: ["i32", "i32"], returns: "i32" },
  socketpair: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
  usleep: { args: ["u32"], returns: "i32" },
  waitid: { args: ["i32", "u32", "ptr", "i32"], returns: "i32" },
  write: { args: ["i32", "ptr", "u64"], returns: "i32" },
});

const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const F_SETFL = 4;
const F_SETPIPE_SZ = 1031;
const F_GETPIPE_SZ = 1032;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

export const EAGAIN = 11;
const EINTR = 4;

/** A Buffer on memory of its own that does not move: the only kind to hand to the calls below. */
export function ownBuffer(size: number): Buffer {
  return Buffer.from(new ArrayBuffer(size));
}

const pair = new Int32Array(new ArrayBuffer(8));
const pairAt = ptr(pair);
// oxlint-disable-next-line no-underscore-dangle -- the C library's name
const errnoAt = symbols.__errno_location();

function errno(): number {
  return errnoAt === null ? 0 : read.i32(errnoAt, 0);
}

/** The name of an errno, as ENOSPC. */
export function errnoName(number: number): string {
  return Object.entries(constants.errno).find(([, each]) => each === number)?.[0] ?? `errno ${number}`;
}

/** Throws what Node would: an Error with `code` where a pair of descriptors could not be had. */
function fail(call: string): never {
  const code = errnoName(errno());
  throw Object.assign(new Error(`${call}: ${code}`), { code });
}

/**
 * A pipe, closed on exec. The ends that are `ours` do not block; the other does, for whoever is handed it. Between two threads of pm
 * (`both`) it is made as large as the kernel lets us. Throws when there are no descriptors left.
 */
export function pipe(ours: "read" | "write" | "both"): { readonly readFd: number; readonly writeFd: number } {
  if (symbols.pipe2(pairAt, O_CLOEXEC | O_NONBLOCK) !== 0) fail("pipe2");
  const [readFd = -1, writeFd = -1] = pair;
  if (ours === "read") symbols.fcntl(writeFd, F_SETFL, 0);
  if (ours === "write") symbols.fcntl(readFd, F_SETFL, 0);
  if (ours === "both") enlargePipe(writeFd, 1 << 20);
  return { readFd, writeFd };
}

/** Two connected stream sockets, closed on exec. `ours` does not block, `theirs` does. */
export function socketPair(): { readonly ours: number; readonly theirs: number } {
  const AF_UNIX = 1;
  const SOCK_STREAM = 1;
  if (symbols.socketpair(AF_UNIX, SOCK_STREAM | O_CLOEXEC, 0, pairAt) !== 0) fail("socketpair");
  const [ours = -1, theirs = -1] = pair;
  symbols.fcntl(ours, F_SETFL, O_NONBLOCK);
  return { ours, theirs };
}

/** Makes a pipe hold at least `bytes`, as far as the kernel lets us. */
export function enlargePipe(fd: number, bytes: number): void {
  if (symbols.fcntl(fd, F_GETPIPE_SZ, 0) < bytes) symbols.fcntl(fd, F_SETPIPE_SZ, bytes); // refused beyond the user's share
}

/** Lets this thread sleep, some 50 µs longer than told, since the kernel gathers its timers. */
export function sleepUs(us: number): void {
  symbols.usleep(us);
}

export function closeFd(fd: number): void {
  symbols.close(fd);
}

/**
 * Takes the lock of an open file, without waiting; the kernel gives it back when the descriptor is closed, however the process ends.
 * `busy`: another holds it; `unsupported`: this file system knows no locks.
 */
export function lockFile(fd: number): "locked" | "busy" | "unsupported" {
  const LOCK_EX = 2;
  const LOCK_NB = 4;
  if (symbols.flock(fd, LOCK_EX | LOCK_NB) === 0) return "locked";
  return errno() === EAGAIN ? "busy" : "unsupported";
}

/** How many descriptors this process may have; Infinity when there is no limit. */
export function descriptorLimit(): number {
  const RLIMIT_NOFILE = 7;
  const limits = ownBuffer(16);
  const soft = symbols.getrlimit(RLIMIT_NOFILE, ptr(limits)) === 0 ? limits.readBigUInt64LE(0) : 2n ** 64n - 1n;
  return soft === 2n ** 64n - 1n ? Number.POSITIVE_INFINITY : Number(soft);
}

/** The descriptor the next open file would get; Infinity when there is none. */
export function lowestFreeFd(): number {
  const F_DUPFD_CLOEXEC = 1030;
  const fd = symbols.fcntl(2, F_DUPFD_CLOEXEC, 0);
  if (fd === -1) return Number.POSITIVE_INFINITY;
  symbols.close(fd);
  return fd;
}

const socketName = ownBuffer(110);
const optionValue = ownBuffer(12);
const nameLength = new Uint32Array(new ArrayBuffer(4));

/** The process at the other end, when this descriptor is a connection that came in by the Unix socket of this path; else null. */
export function clientOf(fd: number, path: string): number | null {
  const AF_UNIX = 1;
  nameLength[0] = socketName.length;
  if (symbols.getsockname(fd, ptr(socketName), ptr(nameLength)) !== 0 || socketName.readUInt16LE(0) !== AF_UNIX)
    return null;
  if (socketName.toString("utf8", 2, nameLength[0]).split("\0", 1)[0] !== path) return null;
  const [SO_PEERCRED, SO_ACCEPTCONN] = [17, 30];
  return socketOption(fd, SO_ACCEPTCONN) === 0 ? socketOption(fd, SO_PEERCRED) : null;
}

/** The first 32 bits of it; null when it cannot be had. */
function socketOption(fd: number, name: number): number | null {
  const SOL_SOCKET = 1;
  nameLength[0] = optionValue.length;
  return symbols.getsockopt(fd, SOL_SOCKET, name, ptr(optionValue), ptr(nameLength)) === 0
    ? optionValue.readInt32LE(0)
    : null;
}

/** Ends a connection in both directions; whoever owns the descriptor hears of it, and closes it. */
export function hangUp(fd: number): void {
  const SHUT_RDWR = 2;
  symbols.shutdown(fd, SHUT_RDWR);
}

/** The address of a buffer made by `ownBuffer`. */
export function addressOf(buffer: Buffer): number {
  return ptr(buffer);
}

/** Orphans of what this process starts come to it from now on, instead of to PID 1. False where the kernel refuses. */
export function becomeSubreaper(): boolean {
  const PR_SET_CHILD_SUBREAPER = 36;
  return symbols.prctl(PR_SET_CHILD_SUBREAPER, 1n, 0n, 0n, 0n) === 0;
}

const childInfo = new Int32Array(new ArrayBuffer(128)); // siginfo_t
const childInfoAt = ptr(childInfo);
const siPid = 4;
const P_ALL = 0;
const P_PID = 1;
const WNOHANG = 1;
const WEXITED = 4;
const WNOWAIT = 0x100_0000;

/** The pid of some child that has ended and has not been reaped, which it is not by this; null when there is none. */
export function endedChild(): number | null {
  childInfo[siPid] = 0;
  const failed = symbols.waitid(P_ALL, 0, childInfoAt, WEXITED | WNOHANG | WNOWAIT) !== 0;
  return failed ? null : childInfo[siPid] || null;
}

/** Reaps a child that has ended; harmless when there is no such child. From then on its number may be given to another process. */
export function reapChild(pid: number): void {
  symbols.waitid(P_PID, pid, childInfoAt, WEXITED | WNOHANG);
}

/** Sends a signal to a process, or to a process group by its negative number; harmless when there is none, or it is not pm's to signal. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  symbols.kill(pid, constants.signals[signal]);
}

/** Lets signals through that whoever started this process had blocked: those that came meanwhile come now. */
export function unblockSignals(signals: readonly NodeJS.Signals[]): void {
  const SIG_UNBLOCK = 1;
  const set = ownBuffer(128); // sigset_t
  for (const signal of signals) {
    const bit = constants.signals[signal] - 1;
    set.writeUInt8(set.readUInt8(bit >> 3) | (1 << (bit & 7)), bit >> 3);
  }
  symbols.pthread_sigmask(SIG_UNBLOCK, ptr(set), null);
}

/** Reads at most `size` bytes to `address`: a count, 0 at the end of the file, or minus the errno. */
export function readInto(fd: number, address: number, size: number): number {
  for (;;) {
    const count = symbols.read(fd, address, size);
    if (count >= 0) return count;
    const number = errno();
    if (number !== EINTR) return -number;
  }
}

/** Writes at most `size` bytes from `address`: a count, or minus the errno. */
export function writeFrom(fd: number, address: number, size: number): number {
  for (;;) {
    const count = symbols.write(fd, address, size);
    if (count >= 0) return count;
    const number = errno();
    if (number !== EINTR) return -number;
  }
}

/** As `writeFrom`, for a socket that may be shared: never blocks, whatever its flags. */
export function sendFrom(fd: number, address: number, size: number): number {
  for (;;) {
    const count = symbols.send(fd, address, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count >= 0) return count;
    const number = errno();
    if (number !== EINTR) return -number;
  }
}

export const EPOLLIN = 0x1;
export const EPOLLOUT = 0x4;

/** One epoll instance; each descriptor carries a number of the caller's. Level-triggered. */
export class Epoll {
  readonly #fd: number;
  readonly #events: Buffer;
  readonly #eventsAt: number;
  readonly #one = ownBuffer(eventBytes);
  readonly #oneAt = ptr(this.#one);
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#fd = symbols.epoll_create1(O_CLOEXEC);
    if (this.#fd < 0) fail("epoll_create1");
    this.#capacity = capacity;
    this.#events = ownBuffer(capacity * eventBytes);
    this.#eventsAt = ptr(this.#events);
  }

  /** False when the descriptor cannot be waited for (a regular file). */
  add(fd: number, events: number, id: number): boolean {
    return this.#control(1, fd, events, id);
  }

  remove(fd: number): void {
    this.#control(2, fd, 0, 0);
  }

  change(fd: number, events: number, id: number): void {
    this.#control(3, fd, events, id);
  }

  /** Blocks the thread for at most `timeoutMs` (-1: for ever) and returns how many descriptors have something to say. */
  wait(timeoutMs: number): number {
    return Math.max(0, symbols.epoll_wait(this.#fd, this.#eventsAt, this.#capacity, timeoutMs));
  }

  /** The number that the i-th of the waiting descriptors carries. */
  idAt(index: number): number {
    return this.#events.readInt32LE(index * eventBytes + dataOffset);
  }

  #control(operation: number, fd: number, events: number, id: number): boolean {
    this.#one.writeUInt32LE(events, 0);
    this.#one.writeInt32LE(id, dataOffset);
    return symbols.epoll_ctl(this.#fd, operation, fd, this.#oneAt) === 0;
  }
}

/** struct epoll_event: 4 bytes of events, 8 of data; packed on x86-64 only. */
const eventBytes = process.arch === "x64" ? 12 : 16;
const dataOffset = eventBytes - 8;

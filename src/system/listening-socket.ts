/**
 * Listening Unix sockets for programs that expect one as a descriptor, which Bun has no API for. Loaded only where a consumer's workers
 * are such programs; the rules of bun:ffi are in `libc.ts`.
 */
import { dlopen, ptr, read } from "bun:ffi";
import { chmodSync, lstatSync, mkdirSync, unlinkSync } from "node:fs";
import { closeFd, errnoName, ownBuffer } from "./libc.ts";

function load() {
  return dlopen("libc.so.6", {
    __errno_location: { args: [], returns: "ptr" },
    bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
    listen: { args: ["i32", "i32"], returns: "i32" },
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  }).symbols;
}

let loaded: ReturnType<typeof load> | null = null;

/** Opened when the first one is needed: most farms have none. */
const calls = (): ReturnType<typeof load> => (loaded ??= load());

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
/** Longest path in sockaddr_un, which has room for a NUL more. */
const maxPathBytes = 107;
/** Connections that wait to be accepted. Few are needed: a pool makes one to each worker. */
const backlog = 16;

/** Where a worker may make its socket. */
export interface WorkerSocketPath {
  readonly path: string;
  /** Removes the path. */
  close(): void;
}

/** A socket on which a worker listens. */
export interface WorkerSocket extends WorkerSocketPath {
  /** Blocking, closed on exec: to become descriptor 0 of the worker. */
  readonly fd: number;
  /** Closes pm's descriptor too. Connections that nobody has accepted end with the last descriptor. */
  close(): void;
}

/** One line for people. */
export interface NoWorkerSocket {
  readonly problem: string;
}

/**
 * The path `<folder>/<name>.sock` with nothing there, or why there is none. Never throws. The folder is made, for this user only, where it
 * is missing and the one above it is there; it must be this user's alone. A socket left at this path is removed, so the name must be that
 * of one worker of one pm. For a program that is told where to listen: one that also got a socket would leave connections waiting there.
 */
export function pathForWorker(folder: string, name: string): WorkerSocketPath | NoWorkerSocket {
  const path = `${folder}/${name}.sock`;
  const trouble = prepare(folder, path);
  return trouble === null ? { path, close: () => remove(path) } : noSocket(path, trouble);
}

/**
 * A listening Unix socket at the path of `pathForWorker`, for this user only, or why there is none. Never throws.
 *
 * Make one for each process of a worker, and close it with the process: a connection that waits in a socket may hold a whole request,
 * whose sender has long given it up, and the next process to accept it would run that.
 */
export function listenForWorker(folder: string, name: string): WorkerSocket | NoWorkerSocket {
  const place = pathForWorker(folder, name);
  if ("problem" in place) return place;
  const { path } = place;
  const fd = calls().socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return noSocket(path, errorText());
  const trouble = listen(fd, path);
  if (trouble === null) {
    const close = (): void => {
      place.close();
      closeFd(fd);
    };
    return { fd, path, close };
  }
  closeFd(fd);
  return noSocket(path, trouble);
}

/** What went wrong, or null. */
function listen(fd: number, path: string): string | null {
  const address = socketAddress(path);
  if (calls().bind(fd, ptr(address), address.length) !== 0) return errorText();
  try {
    chmodSync(path, 0o600); // before anybody can connect: it does not listen yet
  } catch (error) {
    return codeOf(error);
  }
  return calls().listen(fd, backlog) === 0 ? null : errorText();
}

/** What keeps a socket from being made there, or null. */
function prepare(folder: string, path: string): string | null {
  if (Buffer.byteLength(path) > maxPathBytes) return `a path of a socket has at most ${maxPathBytes} bytes`;
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch {
    // It is there already, or cannot be made: what is there decides.
  }
  try {
    const found = lstatSync(folder);
    if (!found.isDirectory()) return `${folder} is no folder`;
    if (found.uid !== process.getuid?.() || (found.mode & 0o022) !== 0) return `others may write in ${folder}`;
    if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true) unlinkSync(path);
    return null;
  } catch (error) {
    return codeOf(error);
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // removed by somebody else, which is what this is for
  }
}

function noSocket(path: string, why: string): NoWorkerSocket {
  return { problem: `cannot make the socket ${path} for a worker: ${why}` };
}

/** struct sockaddr_un: the family, then the path with its NUL. */
function socketAddress(path: string): Buffer {
  const bytes = Buffer.from(`${path}\0`);
  const address = ownBuffer(2 + bytes.length);
  address.writeUInt16LE(AF_UNIX, 0);
  bytes.copy(address, 2);
  return address;
}

function errorText(): string {
  // oxlint-disable-next-line no-underscore-dangle -- the C library's name
  const errnoAt = calls().__errno_location();
  return errnoAt === null ? "unknown error" : errnoName(read.i32(errnoAt, 0));
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
}

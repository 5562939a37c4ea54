import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { lockFile } from "../../system/libc.ts";
import { tryConnect } from "./client.ts";
import { maxSocketPathBytes } from "./socket-path.ts";

/** The right of this pm to a path, until `release`. */
export interface SocketClaim {
  readonly ok: true;
  /** Another pm may have the path. The socket itself must be gone by then. */
  readonly release: () => void;
}

/** `taken`: another pm has it. `unavailable`: no socket can be made there. `message` is one line for the user. */
export interface NoSocket {
  readonly ok: false;
  readonly reason: "taken" | "unavailable";
  readonly message: string;
}

/**
 * Makes a path free to listen on, for this pm alone: takes the lock beside it, which the kernel gives back even after SIGKILL, and
 * removes the socket of a pm that is dead. What is no socket, or not of this user, is never touched.
 */
export async function claimSocket(path: string): Promise<SocketClaim | NoSocket> {
  const bytes = Buffer.byteLength(path);
  if (bytes > maxSocketPathBytes) {
    return unavailable(
      `the path of the control socket has ${bytes} bytes, and the kernel takes ${maxSocketPathBytes}: ${path}; use a shorter one with --socket or control.socket`,
    );
  }
  const lock = openLock(path);
  if ("ok" in lock) return lock;
  const obstacle = await findObstacle(path);
  if (obstacle === null) return { ok: true, release: lock.release };
  lock.release();
  return obstacle;
}

/** Who may listen on the path, for as long as the descriptor is open. The file beside the socket says which pm it is. */
function openLock(path: string): { readonly release: () => void } | NoSocket {
  const lockPath = `${path}.lock`;
  const { O_CREAT, O_NOFOLLOW, O_RDWR } = constants;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    for (;;) {
      const fd = openSync(lockPath, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
      if (lockFile(fd) === "busy") {
        closeSync(fd);
        return taken(path, readFileSync(lockPath, "utf8"));
      }
      // Its last owner may have removed the file between our opening it and our locking it.
      if (fstatSync(fd).ino !== inodeOf(lockPath)) {
        closeSync(fd);
        continue;
      }
      ftruncateSync(fd);
      writeSync(fd, `${process.pid}\n`);
      return {
        release() {
          rmSync(lockPath, { force: true });
          closeSync(fd);
        },
      };
    }
  } catch (error) {
    return cannotMake(path, error);
  }
}

async function findObstacle(path: string): Promise<NoSocket | null> {
  try {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) return null;
    if (!found.isSocket()) return unavailable(`${path} is there and is no socket; ${elsewhere}`);
    if (found.uid !== process.getuid?.()) return unavailable(`${path} belongs to another user; ${elsewhere}`);
    if ((await tryConnect(path)) !== "ECONNREFUSED") return taken(path, "");
    rmSync(path, { force: true });
    return null;
  } catch (error) {
    return cannotMake(path, error);
  }
}

/** Why no socket can be made at this path, as one line; `error` is what was thrown. */
export function cannotMake(path: string, error: unknown): NoSocket {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return unavailable(`cannot make ${path}: ${reasons[code] ?? (code || String(error))}; ${elsewhere}`);
}

const elsewhere = "name another path with --socket or control.socket, or turn it off with control: false";

const reasons: Readonly<Record<string, string>> = {
  EROFS: "the file system is read-only",
  EACCES: "no permission",
  EPERM: "no permission",
  ENOENT: "there is no such folder",
  ENOTDIR: "a part of the path is no folder",
  EEXIST: "a part of the path is no folder",
  ELOOP: "it is a symbolic link",
  ENOSPC: "the disk is full",
  EMFILE: "no file descriptor is free",
  EADDRINUSE: "the path is in use",
};

function unavailable(message: string): NoSocket {
  return { ok: false, reason: "unavailable", message };
}

function taken(path: string, owner: string): NoSocket {
  const pid = /^\d+$/u.exec(owner.trim())?.[0];
  const who = pid === undefined ? "another pm" : `another pm (pid ${pid})`;
  return {
    ok: false,
    reason: "taken",
    message: `${who} runs with this socket: ${path}; use --socket or control.socket`,
  };
}

/** Null when there is nothing. */
export function inodeOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? null;
}

import type { Environment } from "../../config/interpolate.ts";

/** Longest path of a Unix socket in bytes: what the kernel has room for. */
export const maxSocketPathBytes = 107;

/** Most characters of the part of a socket's name that people read. */
const maxReadable = 32;

/** Folders for the sockets of this user's farms, best first. All absolute; none need exist. */
export function socketFolders(env: Environment, uid: number): readonly string[] {
  const runtime = absolute(env["XDG_RUNTIME_DIR"]);
  const temporary = absolute(env["TMPDIR"]) ?? "/tmp";
  const folders = [
    ...(uid === 0 ? ["/run/pm"] : []),
    ...(runtime === null ? [] : [`${runtime}/pm`]),
    `/run/user/${uid}/pm`,
    `${temporary}/pm-${uid}`,
    `/tmp/pm-${uid}`,
  ];
  return [...new Set(folders)];
}

const absolute = (path: string | undefined): string | null =>
  path?.startsWith("/") === true ? path.replace(/\/+$/u, "") : null;

/**
 * The name of a farm's socket: something to read, and a hash of the whole path, so that no two farms have the same. `file` is the
 * absolute path of the pm.yaml, symbolic links followed.
 */
export function socketName(file: string): string {
  const [folder = "", name = ""] = file.split("/").slice(-2);
  const plainName = name.replace(/\.ya?ml$/u, "");
  const readable = [folder, plainName === "pm" ? "" : plainName]
    .map((part) => part.replaceAll(/[^A-Za-z0-9_.-]+/gu, "-").replaceAll(/^[-.]+|-+$/gu, ""))
    .filter((part) => part !== "")
    .join("-")
    .slice(0, maxReadable);
  const hash = new Bun.CryptoHasher("sha256").update(file).digest("hex").slice(0, 10);
  return `${readable === "" ? "farm" : readable}-${hash}.sock`;
}

/** Where the socket of this farm may be in these folders, in their order; paths too long for the kernel are left out. */
export function socketPaths(file: string, folders: readonly string[]): readonly string[] {
  return folders
    .map((folder) => `${folder}/${socketName(file)}`)
    .filter((path) => Buffer.byteLength(path) <= maxSocketPathBytes);
}

/** Where the socket of this farm is when nobody chose a place: in the best folder that can be used; null when there is none. */
export function defaultSocketPath(
  file: string,
  env: Environment,
  uid: number,
  canUse: (folder: string) => boolean,
): string | null {
  return (
    socketPaths(file, socketFolders(env, uid)).find((path) => canUse(path.slice(0, path.lastIndexOf("/")))) ?? null
  );
}

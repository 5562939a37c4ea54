import { lstatSync, mkdirSync, realpathSync } from "node:fs";
import type { Environment } from "../../config/interpolate.ts";
import { defaultSocketPath } from "./socket-path.ts";

/**
 * Whether this folder is ours alone to write in: made by this user, no link, and nobody else may put files there. Anything else
 * could have been prepared by somebody who wants to be taken for pm.
 */
export function isOwnFolder(folder: string, uid: number): boolean {
  try {
    const found = lstatSync(folder);
    return found.isDirectory() && found.uid === uid && (found.mode & 0o022) === 0;
  } catch {
    return false;
  }
}

/** As `isOwnFolder`, and makes it, for this user only, where it is missing and the folder above it is there. */
export function makeOwnFolder(folder: string, uid: number): boolean {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch {
    // It is there already, or cannot be made: what is there decides.
  }
  return isOwnFolder(folder, uid);
}

/** The path with its symbolic links followed; as it is where there is nothing. */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/**
 * Where `pm serve` puts its socket when nobody chose a place; the folder is made. `file` is the absolute path of the pm.yaml. Null when
 * no folder can be used: a read-only system, for one.
 */
export function chooseSocket(file: string, env: Environment, uid: number): string | null {
  return defaultSocketPath(realPath(file), env, uid, (folder) => makeOwnFolder(folder, uid));
}

import { readlinkSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Cancel } from "./host.ts";
import { watchFolder } from "./folder-watch.ts";

/** An editor writes in several steps: a file is looked at when it has been left alone for so long. */
const usualQuietMs = 200;

/** More symbolic links than this on one way are a circle, as the kernel has it. */
const mostLinks = 40;

/**
 * Calls back after a file has changed, or has come into being, and has then been left alone for `quietMs`: written in place, replaced by
 * another (as editors do), or reached by a symbolic link that now points elsewhere, at any place of its path (as a ConfigMap of Kubernetes
 * is updated). A file that is gone is no change until it is back. `path` is absolute. `onTrouble` hears, once, why its folder cannot be
 * watched. What is returned ends it.
 */
export function watchFile(
  path: string,
  changed: () => void,
  onTrouble: (why: string) => void,
  quietMs = usualQuietMs,
): Cancel {
  const watched = new Map<string, WatchedEntries>();
  let known = versionOf(path);
  let timer: Timer | null = null;
  let isTroubled = false;

  const look = (): void => {
    const entries = entriesOnTheWayTo(path);
    const last = entries.keys().toArray().at(-1);
    for (const [folder, { cancel }] of watched) {
      if (entries.has(folder)) continue;
      watched.delete(folder);
      cancel();
    }
    for (const [folder, names] of entries) {
      try {
        // Again where it is watched already: another folder may have taken its place.
        const listener = watched.get(folder)?.listener ?? ((name) => hear(folder, name));
        watched.set(folder, { names, listener, cancel: watchFolder(folder, listener) });
      } catch (error) {
        // Folders further up are often closed to this user, and rarely change.
        if (folder !== last || isTroubled) continue;
        isTroubled = true;
        onTrouble(error instanceof Error ? error.message : String(error));
      }
    }
  };

  const hear = (folder: string, name: string | null): void => {
    if (name !== null && watched.get(folder)?.names.has(name) !== true) return;
    look();
    clearTimeout(timer ?? undefined);
    timer = setTimeout(compare, quietMs);
  };

  const compare = (): void => {
    timer = null;
    look();
    const now = versionOf(path);
    if (now === null || now === known) return;
    known = now;
    changed();
  };

  look();
  return () => {
    clearTimeout(timer ?? undefined);
    for (const { cancel } of watched.values()) cancel();
    watched.clear();
  };
}

/** The entries of one folder that decide where a path leads. */
interface WatchedEntries {
  readonly names: ReadonlySet<string>;
  readonly listener: (name: string | null) => void;
  readonly cancel: Cancel;
}

/** What differs after every change of a file; null while there is none. */
function versionOf(path: string): string | null {
  try {
    const { dev, ino, ctimeNs, size } = statSync(path, { bigint: true });
    return `${dev}:${ino}:${ctimeNs}:${size}`;
  } catch {
    return null;
  }
}

/** Every folder in which an entry decides where `path` leads, and the names of these entries; as far as the way exists. In its order. */
function entriesOnTheWayTo(path: string): Map<string, Set<string>> {
  const entries = new Map<string, Set<string>>();
  const left = path.split("/");
  let folder = "/";
  let links = 0;
  for (let name = left.shift(); name !== undefined; name = left.shift()) {
    if (name === "" || name === ".") continue;
    if (name === "..") {
      folder = dirname(folder);
      continue;
    }
    const names = entries.get(folder) ?? new Set();
    entries.delete(folder); // the last one is where the file is
    entries.set(folder, names.add(name));
    const here = join(folder, name);
    const target = targetOf(here);
    if (target === null) {
      if (left.length > 0 && !isFolder(here)) break;
      folder = here;
    } else {
      if (++links > mostLinks) break;
      if (target.startsWith("/")) folder = "/";
      left.unshift(...target.split("/"));
    }
  }
  return entries;
}

function targetOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null; // no link, or nothing there
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

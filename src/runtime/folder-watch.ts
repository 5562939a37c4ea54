import { type FSWatcher, statSync, watch } from "node:fs";
import type { Cancel } from "./host.ts";

interface WatchedFolder {
  readonly listeners: Set<(name: string | null) => void>;
  /** Of the folder that is really watched, which another one may have replaced. */
  identity: string;
  watcher: FSWatcher;
}

/** By path. Bun watches a path once, however often it is asked to, so all listeners share one watcher, and it is renewed for all of them. */
const folders = new Map<string, WatchedFolder>();

/**
 * Calls back with the name of each entry of a folder that is made, changed, moved or removed; null when the name is not known. When another
 * folder has taken the place of the one that is watched, calling this again, with the same listener or another, watches the new one for all.
 * Throws where it cannot be watched.
 */
export function watchFolder(path: string, listener: (name: string | null) => void): Cancel {
  const identity = identityOf(path);
  const known = folders.get(path);
  if (known !== undefined && known.identity !== identity) {
    known.watcher.close(); // first: else Bun would go on with the old one
    known.watcher = open(path, known.listeners);
    known.identity = identity;
  }
  const folder = known ?? openNew(path, identity);
  folder.listeners.add(listener);
  return () => {
    folder.listeners.delete(listener);
    if (folder.listeners.size > 0 || folders.get(path) !== folder) return;
    folders.delete(path);
    folder.watcher.close();
  };
}

function openNew(path: string, identity: string): WatchedFolder {
  const listeners: WatchedFolder["listeners"] = new Set();
  const folder = { identity, listeners, watcher: open(path, listeners) };
  folders.set(path, folder);
  return folder;
}

function open(path: string, listeners: WatchedFolder["listeners"]): FSWatcher {
  const tell = (name: string | null): void => {
    for (const listener of listeners) listener(name);
  };
  const watcher = watch(path, { persistent: false }, (_, name) => tell(name));
  return watcher.on("error", () => tell(null));
}

function identityOf(path: string): string {
  const { dev, ino, birthtimeNs } = statSync(path, { bigint: true });
  return `${dev}:${ino}:${birthtimeNs}`; // numbers of inodes are used again
}

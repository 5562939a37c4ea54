/**
 * The processes whose end somebody in the running pm waits for. Whoever starts one registers it here, so that the reaper leaves it alone: its
 * exit status belongs to whoever started it.
 */
const own = new Map<number, object>();
const listeners = new Set<() => void>();

/**
 * Registers a process of Bun; to be called on what `Bun.spawn` returns, before anything else can happen. It is taken off the list when Bun
 * has reaped it.
 */
export function owned<Process extends Bun.Subprocess>(process: Process): Process {
  ownBegan(process.pid, process);
  const gone = (): void => ownEnded(process.pid, process);
  process.exited.then(gone, gone);
  return process;
}

/** Registers a process that Bun knows nothing of, until `ownEnded` is called with the same `owner`. */
export function ownBegan(pid: number, owner: object): void {
  own.set(pid, owner);
}

/** It has been reaped. */
export function ownEnded(pid: number, owner: object): void {
  if (own.get(pid) === owner) own.delete(pid); // else the number has been given out again meanwhile
  for (const listener of listeners) listener();
}

/** True while whoever started this child has yet to tell how it ended. */
export function isOwn(pid: number): boolean {
  return own.has(pid);
}

/** Calls back whenever one has been reaped. */
export function onOwnReaped(listener: () => void): void {
  listeners.add(listener);
}

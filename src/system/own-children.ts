/**
 * The processes that Bun waits for. Whoever starts one in the running pm registers it here, so that the reaper leaves it alone: its
 * exit status belongs to Bun.
 */
const own = new Map<number, Bun.Subprocess>();
const listeners = new Set<() => void>();

/**
 * Registers a process; to be called on what `Bun.spawn` returns, before anything else can happen. It is taken off the list when Bun
 * has reaped it.
 */
export function owned<Process extends Bun.Subprocess>(process: Process): Process {
  own.set(process.pid, process);
  const gone = (): void => {
    if (own.get(process.pid) === process) own.delete(process.pid); // else the number has been given out again meanwhile
    for (const listener of listeners) listener();
  };
  process.exited.then(gone, gone);
  return process;
}

/** True while Bun has yet to tell how this child ended. */
export function isOwn(pid: number): boolean {
  return own.has(pid);
}

/** Calls back whenever Bun has reaped one. */
export function onOwnReaped(listener: () => void): void {
  listeners.add(listener);
}

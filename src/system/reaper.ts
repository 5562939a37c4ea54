/**
 * Takes in the orphans of what pm starts, and reaps them when they end. Bun waits for the processes it has started and for nothing else:
 * without this every orphan would stay in the process table as a zombie.
 */
import { becomeSubreaper, endedChild, reapChild, unblockSignals } from "./libc.ts";
import { isOwn, onOwnReaped } from "./own-children.ts";

/** More are reaped in the next turn: signals and probes are heard in between. */
const maxPerTurn = 256;

/** Between two looks: each takes the kernel the longer the more children there are, and an orphan that has ended is in nobody's way. */
const restMs = 10;

/**
 * Begins, once, for the life of the process. `heard` is called soon after a child was reaped, by whomever, with the orphans
 * that were. False when orphans go elsewhere, since this is not PID 1 and the kernel refuses: then there is nothing to reap.
 */
export function startReaper(heard: (orphans: readonly number[]) => void): boolean {
  const adopts = process.pid === 1 || becomeSubreaper();
  let ownReaped = false;
  let due: Timer | null = null;
  let nextLookAtMs = 0;
  const look = (): void => {
    due = null;
    nextLookAtMs = performance.now() + restMs;
    reap(heard, ownReaped);
    ownReaped = false;
  };
  const lookSoon = (): void => {
    due ??= setTimeout(look, Math.max(0, nextLookAtMs - performance.now()));
  };
  // This also undoes an ignored SIGCHLD that pm may have from its parent: with it the kernel does not tell how a child ended.
  process.on("SIGCHLD", lookSoon);
  unblockSignals(["SIGCHLD"]);
  onOwnReaped(() => {
    ownReaped = true;
    lookSoon();
  });
  lookSoon(); // whoever was here before pm, in the same process, may have left some
  return adopts;
}

function reap(heard: (orphans: readonly number[]) => void, ownReaped = false): void {
  const orphans: number[] = [];
  // Which child is looked at first is up to the kernel. Where it is one of pm's own, those behind it wait until that has been reaped.
  for (let pid = endedChild(); pid !== null && !isOwn(pid); pid = endedChild()) {
    reapChild(pid);
    if (orphans.push(pid) < maxPerTurn) continue;
    setImmediate(() => reap(heard));
    break;
  }
  if (ownReaped || orphans.length > 0) heard(orphans);
}

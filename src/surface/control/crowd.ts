import { clientOf, descriptorLimit, hangUp, lowestFreeFd } from "../../system/libc.ts";

/** How often it is looked whether descriptors run short: nobody tells pm of a connection on which nothing is said. */
const everyMs = 1_000;

/** Connections that are always left, even if they are many for a small limit. */
const kept = 32;

/** One connection of a client. */
export interface Connection {
  readonly fd: number;
  /** The process at its other end. */
  readonly pid: number;
}

/**
 * Those to close so that `keep` are left: each process keeps some before any keeps more, so that whoever hoards loses, and of its own
 * the lowest descriptors.
 */
export function chooseToClose(connections: readonly Connection[], keep: number): readonly number[] {
  const counts = new Map<number, number>();
  const ranked = connections
    .toSorted((a, b) => b.fd - a.fd)
    .map(({ fd, pid }) => {
      const rank = counts.get(pid) ?? 0;
      counts.set(pid, rank + 1);
      return { fd, rank };
    });
  return ranked
    .toSorted((a, b) => a.rank - b.rank)
    .slice(keep)
    .map(({ fd }) => fd);
}

/**
 * Watches that silent clients of the socket do not take the descriptors that processes need to start. When three quarters of all are
 * in use, those who hold most connections lose them; `closed` hears how many. What is returned ends it.
 */
export function watchCrowd(socket: string, closed: (count: number) => void): () => void {
  const limit = (descriptorLimit() * 3) / 4;
  const timer = setInterval(() => {
    if (lowestFreeFd() < limit) return;
    const fds = chooseToClose(connectionsOf(socket), kept);
    for (const fd of fds) hangUp(fd); // Bun hears of it as of a client that leaves
    if (fds.length > 0) closed(fds.length);
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** Found by trying, since a list of descriptors would need a descriptor. */
function connectionsOf(socket: string): readonly Connection[] {
  const found: Connection[] = [];
  const end = Math.min(descriptorLimit(), 1 << 20);
  for (let fd = 3; fd < end; fd++) {
    const pid = clientOf(fd, socket);
    if (pid !== null) found.push({ fd, pid });
  }
  return found;
}

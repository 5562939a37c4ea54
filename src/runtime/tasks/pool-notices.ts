import type { PoolFloor } from "./pool-floor.ts";
import type { PoolProcess } from "./pool-process.ts";
import type { TaskPoolPorts } from "./task-pool-ports.ts";

/** What owners of processes and those who wait for room have yet to hear; told one at a time, between the steps of the pool. */
export class PoolNotices {
  readonly #floor: PoolFloor;
  readonly #ports: TaskPoolPorts;
  #isWanted = false;
  readonly #toReplace: PoolProcess[] = [];
  readonly #roomWaiters = new Set<() => void>();

  constructor(floor: PoolFloor, ports: TaskPoolPorts) {
    this.#floor = floor;
    this.#ports = ports;
  }

  /** A task may have to wait for a worker to be made. */
  wanted(): void {
    this.#isWanted = true;
  }

  /** The first cause counts. */
  replace(process: PoolProcess, cause: NonNullable<PoolProcess["replaceCause"]>): void {
    if (process.replaceCause !== null || process.isLost) return;
    process.replaceCause = cause;
    this.#toReplace.push(process);
  }

  whenRoom(run: () => void): () => void {
    const waiter = (): void => run();
    this.#roomWaiters.add(waiter);
    return () => this.#roomWaiters.delete(waiter);
  }

  /** Calls those who wait for room now; not those that ask again. */
  callRoomWaiters(): void {
    const waiters = [...this.#roomWaiters];
    this.#roomWaiters.clear();
    for (const run of waiters) run();
  }

  /** Tells one; false when there is nothing to tell. `room` is asked only when somebody waits for it. */
  tell(room: () => number): boolean {
    return this.#tellWanted() || this.#tellOwner() || this.#callWaiter(room);
  }

  #tellWanted(): boolean {
    if (!this.#isWanted) return false;
    this.#isWanted = false;
    if (this.#floor.workers.length > 0 || this.#floor.lobby.size === 0) return false;
    this.#ports.wanted();
    return true;
  }

  #tellOwner(): boolean {
    const process = this.#toReplace.shift();
    if (process === undefined) return false;
    if (process.replaceCause !== null && !process.isLost) process.owner.replace(process.replaceCause);
    return true;
  }

  #callWaiter(room: () => number): boolean {
    if (this.#roomWaiters.size === 0 || room() <= 0) return false;
    for (const run of this.#roomWaiters) {
      this.#roomWaiters.delete(run);
      run();
      return true;
    }
    return false;
  }
}

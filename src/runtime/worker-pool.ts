import type { ConsumerSpec } from "../core/farm/spec.ts";
import { lowestFree } from "../core/scaling/free-slots.ts";
import type { Load } from "../core/scaling/load.ts";
import { chooseVictims } from "../core/scaling/victims.ts";
import type { Worker } from "./worker.ts";

/** The workers of one consumer, and which of them make up its size. */
export class WorkerPool {
  readonly #workers: Worker[] = [];
  readonly #make: (slot: number) => Worker;

  /** `make` gives a new worker, not started, in this slot. */
  constructor(make: (slot: number) => Worker) {
    this.#make = make;
  }

  get workers(): readonly Worker[] {
    return this.#workers;
  }

  /** Those that count as its size, in the order of their slots: all but those whose slot is given up. */
  get active(): readonly Worker[] {
    return this.#workers.filter(({ going }) => !going).toSorted((a, b) => a.ref.slot - b.ref.slot);
  }

  /** How many there are now. Those at rest hold their slot under the cap, so that they can come back at any time. */
  count(): Pick<Load, "live" | "current"> {
    let going = 0;
    let gone = 0;
    for (const worker of this.#workers) {
      if (worker.going) going += 1;
      if (worker.state === "gone") gone += 1;
    }
    return { live: this.#workers.length - gone, current: this.#workers.length - going };
  }

  /** So many more, in the lowest free slots. */
  add(count: number): readonly Worker[] {
    const taken = this.#workers.map(({ ref }) => ref.slot);
    const made = lowestFree(taken, count).map((slot) => this.#make(slot));
    this.#workers.push(...made);
    return made;
  }

  /** Calls off so many retirements at most; returns how many it were. One that runs another definition than this is let go. */
  keep(most: number, spec: ConsumerSpec): number {
    let kept = 0;
    for (const worker of this.#workers) if (kept < most && worker.spec === spec && worker.keep()) kept += 1;
    return kept;
  }

  /** So many of those that count are to go: idle ones at once, busy ones when they have finished. */
  shrink(count: number): void {
    const candidates = this.active.map((worker) => ({ worker, slot: worker.ref.slot, busy: worker.busy > 0 }));
    for (const { worker } of chooseVictims(candidates, count)) worker.retire();
  }

  /** It is gone. */
  forget(worker: Worker): void {
    this.#workers.splice(this.#workers.indexOf(worker), 1);
  }
}

import { childPids, environmentOf } from "../system/child-list.ts";
import { isOwn } from "../system/own-children.ts";
import { startReaper } from "../system/reaper.ts";
import { runIdVariable } from "./guardian-process.ts";
import type { Cancel, Clock } from "./host.ts";

/** Among the children is looked at once when a process ends, and then no more often than this, nor for more than this share of the time. */
const restMs = 50;
const maxShare = 0.05;

/** A process that is just becoming another program shows no environment for a moment: so often is one without looked at again. */
const maxBlankLooks = 20;

/** What has not died of SIGKILL by then waits for the kernel itself, which may be for ever. */
const patienceMs = 5_000;

/** What orphans are to the kernel. */
export interface OrphanPorts {
  readonly clock: Clock;
  /** Begins to take in orphans: see `startReaper`. */
  reap(heard: (orphans: readonly number[]) => void): boolean;
  children(): readonly number[];
  isOwn(pid: number): boolean;
  environmentOf(pid: number): string | null;
  /** SIGKILL; harmless when it is gone. */
  kill(pid: number): void;
}

/**
 * What has left the process group of its worker and lost its parent comes to pm. It is ended when the process of the worker that it
 * stems from has ended; it is known by its mark, which stands in the environment. What has wiped out its mark is ended with the farm.
 */
export class Orphans {
  readonly #runId: string;
  readonly #ports: OrphanPorts;
  /** The marks of the processes that are alive. */
  readonly #alive = new Set<string>();
  /** The marks of orphans. None has its number given to another before it has been reaped here. */
  readonly #marks = new Map<number, string>();
  /** How often one has shown no environment. */
  readonly #blankLooks = new Map<number, number>();
  /** Children that pm had before it began: not its own, so never ended by it. */
  readonly #strangers = new Set<number>();
  #adopts = false;
  #lastMark = 0;
  #nextLookAtMs = 0;
  #cancelLook: Cancel | null = null;
  #end: { readonly except: number | null; readonly done: () => void } | null = null;

  /** `runId` is what all marks begin with. */
  constructor(runId: string, ports: OrphanPorts) {
    this.#runId = runId;
    this.#ports = ports;
  }

  /** Takes in orphans from now on. */
  start(): void {
    for (const pid of this.#ports.children()) this.#strangers.add(pid);
    this.#adopts = this.#ports.reap((orphans) => this.#reaped(orphans));
  }

  /** A mark for the process of a worker that is about to be started, as its `PM_RUN_ID`. */
  nextMark(): string {
    return `${this.#runId}.${++this.#lastMark}`;
  }

  /** The process with this mark has been started. */
  began(mark: string): void {
    this.#alive.add(mark);
  }

  /** It has ended: so does all that stems from it. */
  ended(mark: string): void {
    this.#alive.delete(mark);
    this.#lookSoon();
  }

  /**
   * Ends all children but one, and what they leave behind. False when something may be left: the kernel holds it for longer than this, or
   * orphans do not come here.
   */
  end(except: number | null, withinMs = patienceMs): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = this.#ports.clock.after(Math.min(patienceMs, withinMs), () => resolve(false));
      this.#end = {
        except,
        done: () => {
          cancel();
          resolve(this.#adopts);
        },
      };
      this.#look();
    });
  }

  #reaped(orphans: readonly number[]): void {
    for (const pid of orphans) {
      this.#marks.delete(pid);
      this.#blankLooks.delete(pid);
      this.#strangers.delete(pid);
    }
    if (this.#end !== null) this.#look();
    else if (orphans.length > 0) this.#lookSoon(); // their own children are ours now
  }

  #lookSoon(): void {
    if (this.#cancelLook !== null) return;
    const waitMs = this.#nextLookAtMs - this.#ports.clock.nowMs();
    if (waitMs <= 0) this.#look();
    else this.#cancelLook = this.#ports.clock.after(waitMs, () => this.#look());
  }

  #look(): void {
    this.#cancelLook?.();
    this.#cancelLook = null;
    const startedAtMs = this.#ports.clock.nowMs();
    let mayShowMore = false;
    const children = this.#ports.children().filter((pid) => !this.#strangers.has(pid) && pid !== this.#end?.except);
    for (const pid of children) {
      const due = this.#end !== null || (!this.#ports.isOwn(pid) && this.#isLeftBehind(pid));
      if (due) this.#ports.kill(pid);
      else mayShowMore ||= (this.#blankLooks.get(pid) ?? maxBlankLooks) < maxBlankLooks;
    }
    const endedAtMs = this.#ports.clock.nowMs();
    this.#nextLookAtMs = endedAtMs + Math.max(restMs, (endedAtMs - startedAtMs) / maxShare);
    if (children.length === 0) this.#end?.done();
    else if (mayShowMore) this.#lookSoon();
  }

  #isLeftBehind(pid: number): boolean {
    const mark = this.#marks.get(pid) ?? this.#readMark(pid);
    return mark !== null && !this.#alive.has(mark);
  }

  #readMark(pid: number): string | null {
    const start = `${runIdVariable}=${this.#runId}.`;
    const environment = this.#ports.environmentOf(pid);
    if (environment === null) this.#blankLooks.set(pid, (this.#blankLooks.get(pid) ?? 0) + 1);
    else this.#blankLooks.delete(pid);
    const variable = environment?.split("\0").find((each) => each.startsWith(start));
    if (variable === undefined) return null;
    const mark = variable.slice(runIdVariable.length + 1);
    this.#marks.set(pid, mark);
    return mark;
  }
}

/** The orphans of this very process. */
export function ownOrphans(clock: Clock): OrphanPorts {
  return {
    clock,
    reap: startReaper,
    children: childPids,
    isOwn,
    environmentOf,
    kill: (pid) => {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // gone already, or by a set-user-ID program somebody else's
      }
    },
  };
}

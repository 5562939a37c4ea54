import { existsSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import type { CgroupSpec } from "../core/farm/spec.ts";
import { makeGroup, readOr, removeGroup, words, write } from "./cgroup-files.ts";
import { groupName, makerOf, ownGroup } from "./cgroup-path.ts";
import { parentOf } from "./child-list.ts";

const controllers = ["cpu", "memory", "pids"] as const;
type Controller = (typeof controllers)[number];

/** The control groups of the consumers that want one, below that of pm itself. */
export class Cgroups {
  /** The folder of pm's own group as it was started. */
  readonly #root: string | null;
  readonly #pid: number;
  readonly #warn: (why: string) => void;
  readonly #groups = new Map<string, string>();
  readonly #told = new Set<string>();
  #begun = false;
  #moved = false;

  /** `root` is null where there is no v2 hierarchy. `warn` hears each reason once for which workers run without a group, or with fewer limits. */
  constructor(root: string | null, pid: number, warn: (why: string) => void) {
    this.#root = root;
    this.#pid = pid;
    this.#warn = warn;
  }

  /** Makes the group of a consumer with these limits, and gives the file by which a process joins it; null when it cannot be. */
  procsFile(consumer: string, limits: CgroupSpec): string | null {
    if (this.#root === null) return this.#tell("there is no cgroup v2 hierarchy here");
    const folder = join(this.#root, groupName(this.#pid, consumer));
    try {
      this.#begin(this.#root);
      makeGroup(folder);
      this.#groups.set(consumer, folder);
      this.#limit(this.#root, folder, limits);
      return join(folder, "cgroup.procs");
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return this.#tell(`${this.#root} is not pm's to divide (${why}); delegate it: Delegate=yes in a unit of systemd`);
    }
  }

  /** Kills what is left in the groups and removes them. Resolves when that is done, or was tried for a second. */
  async end(): Promise<void> {
    await Promise.all([...this.#groups.values()].map(removeGroup));
    this.#groups.clear();
    if (this.#root === null || !this.#moved) return;
    try {
      for (const controller of enabled(this.#root)) write(join(this.#root, "cgroup.subtree_control"), `-${controller}`);
      write(join(this.#root, "cgroup.procs"), String(this.#pid));
      rmdirSync(join(this.#root, groupName(this.#pid, null)));
    } catch {
      // It goes with the group it is in.
    }
  }

  /** Removes what a pm has left that was killed. */
  #begin(root: string): void {
    if (this.#begun) return;
    this.#begun = true;
    for (const name of readdirSync(root)) {
      const maker = makerOf(name);
      if (maker === null || maker === this.#pid || existsSync(`/proc/${maker}`)) continue;
      try {
        rmdirSync(join(root, name));
      } catch {
        // Not empty yet: the next pm removes it.
      }
    }
  }

  #limit(root: string, folder: string, { memoryMaxBytes, cpuMax, pidsMax }: CgroupSpec): void {
    const wanted: Readonly<Record<Controller, string | null>> = {
      cpu: cpuMax === null ? null : `${Math.max(1000, Math.round(cpuMax * cpuPeriodUs))} ${cpuPeriodUs}`,
      memory: memoryMaxBytes === null ? null : String(memoryMaxBytes),
      pids: pidsMax === null ? null : String(pidsMax),
    };
    for (const controller of controllers) {
      const value = wanted[controller];
      if (value === null && !enabled(root).includes(controller)) continue;
      if (value !== null && !this.#enable(root, controller)) continue;
      write(join(folder, `${controller}.max`), value ?? "max");
    }
  }

  /** False, and told, when the kernel or whoever delegated the hierarchy does not offer it. */
  #enable(root: string, controller: Controller): boolean {
    if (enabled(root).includes(controller)) return true;
    if (!words(join(root, "cgroup.controllers")).includes(controller)) {
      this.#tell(`the ${controller} controller is not available in ${root}, so ${controller}_max holds for nobody`);
      return false;
    }
    this.#moveOut(root);
    write(join(root, "cgroup.subtree_control"), `+${controller}`);
    return true;
  }

  /**
   * Moves pm, and what it has started, into a group of their own: the kernel lets no group have both processes and groups with limits. What
   * is a stranger's stays: then the kernel refuses.
   */
  #moveOut(root: string): void {
    if (this.#moved) return;
    const leaf = join(root, groupName(this.#pid, null));
    makeGroup(leaf);
    this.#moved = true;
    const pids = words(join(root, "cgroup.procs")).map(Number);
    for (const pid of pids.filter((each) => this.#isOurs(each))) {
      try {
        write(join(leaf, "cgroup.procs"), String(pid));
      } catch {
        // It has ended meanwhile; else the next write tells.
      }
    }
  }

  #isOurs(pid: number): boolean {
    for (let at = pid; at > 1; at = parentOf(readOr(`/proc/${at}/stat`))) if (at === this.#pid) return true;
    return pid === this.#pid;
  }

  #tell(why: string): null {
    if (!this.#told.has(why)) this.#warn(why);
    this.#told.add(why);
    return null;
  }
}

const cpuPeriodUs = 100_000;

const enabled = (root: string): string[] => words(join(root, "cgroup.subtree_control"));

/** The groups below that in which pm was started. `warn` as in `Cgroups`. */
export function openCgroups(warn: (why: string) => void): Cgroups {
  const root = ownGroup(readOr("/proc/self/cgroup"), readOr("/proc/self/mountinfo"));
  return new Cgroups(root, process.pid, warn);
}

import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { closeFd, endedChild, pipe, reapChild } from "../../src/system/libc.ts";
import { isOwn, owned } from "../../src/system/own-children.ts";
import { evict, nowNs } from "./kernel.ts";
import type { Manager, Task } from "./managers.ts";
import { descendants, programOf } from "./processes.ts";
import { parseRecords, RecordPipe, type WorkerRecord } from "./records.ts";
import type { ReferencePrograms } from "./reference-programs.ts";

/** Where a bench works. */
export interface Place {
  readonly folder: string;
  readonly programs: ReferencePrograms;
}

/** What is asked of one run. */
export interface RunOptions {
  readonly workers: number;
  /** Mode and words of reference/worker.c, without the file of its records. */
  readonly mode: "exit" | "wait" | "flood" | "beat";
  readonly words?: readonly (string | number)[];
  /** A FIFO, to hear of workers as they come; or a file, for a worker too fast to be listened to. */
  readonly records?: "pipe" | "file";
  /** Who reads the manager's stdout: nobody since it is /dev/null, the sink, or nobody though it is a pipe. */
  readonly reader?: "none" | "sink" | "stalled";
  /** Its program is put out of the page cache before. */
  readonly cold?: boolean;
}

/** One manager at work in a folder of its own, from its start until `close`, which leaves nothing behind. */
export class Run {
  readonly manager: Manager;
  readonly task: Task;
  readonly recordFile: string;
  readonly records: RecordPipe | null;
  readonly startedNs: number;
  readonly pid: number;
  readonly #worker: string;
  readonly #helpers = new Set<number>();
  readonly #openFds: number[] = [];

  constructor(place: Place, manager: Manager, options: RunOptions) {
    const { workers, mode, words = [], records = "pipe", reader = "none", cold = false } = options;
    const folder = mkdtempSync(join(place.folder, "run-"));
    this.manager = manager;
    this.recordFile = join(folder, "records");
    this.#worker = place.programs.worker;
    if (records === "pipe") Bun.spawnSync(["mkfifo", this.recordFile]);
    else writeFileSync(this.recordFile, "");
    this.records = records === "pipe" ? new RecordPipe(this.recordFile) : null;
    this.task = { folder, workers, command: [this.#worker, mode, this.recordFile, ...words.map(String)] };
    const { command, env = {} } = manager.prepare(this.task);
    const stdout = reader === "none" ? "ignore" : this.#outputPipe(place, reader === "sink");
    mkdirSync(join(folder, "work"));
    const stderr = openSync(join(folder, "stderr"), "w");
    if (cold) putOutOfMemory(manager.program ?? "");
    this.startedNs = nowNs();
    const child = owned(
      Bun.spawn([...command], {
        cwd: join(folder, "work"),
        env: { ...process.env, ...env },
        stdio: ["ignore", stdout, stderr],
        detached: true,
      }),
    );
    this.pid = child.pid;
    closeSync(stderr);
    if (stdout !== "ignore") closeFd(stdout);
  }

  #outputPipe(place: Place, isRead: boolean): number {
    const { readFd, writeFd } = pipe("read");
    if (!isRead) {
      this.#openFds.push(readFd);
      return writeFd;
    }
    const command = [place.programs.sink, this.path("counts"), this.path("latencies")];
    this.#helpers.add(owned(Bun.spawn(command, { stdio: [readFd, "ignore", "inherit"] })).pid);
    closeFd(readFd);
    return writeFd;
  }

  path(name: string): string {
    return join(this.task.folder, name);
  }

  /** The manager's own processes, and those of the workers. */
  processes(): { readonly own: readonly number[]; readonly workers: readonly number[] } {
    const all = descendants(process.pid, this.#helpers);
    const isWorker = (pid: number): boolean => programOf(pid) === this.#worker;
    return { own: all.filter((pid) => !isWorker(pid)), workers: all.filter(isWorker) };
  }

  /** Waits until so many workers run, and gives their records; throws when it takes longer than a minute. */
  untilStarted(count = this.task.workers): readonly WorkerRecord[] {
    const records = this.records?.until("S", count, 60_000) ?? [];
    const started = records.filter(({ kind }) => kind === "S");
    if (started.length < count) throw new Error(`only ${started.length} of ${count} workers started in 60 s`);
    return started;
  }

  /** Tells all workers, once they run, to begin with what they write; when that was, in nanoseconds. */
  async letWrite(): Promise<number> {
    const pids = this.untilStarted().map(({ pid }) => pid);
    await Bun.sleep(500); // the manager's start is not the matter here
    const nowAtNs = nowNs();
    for (const pid of pids) process.kill(pid, "SIGUSR1");
    return nowAtNs;
  }

  /** All records of a file. */
  written(): readonly WorkerRecord[] {
    return parseRecords(readFileSync(this.recordFile));
  }

  /** Bytes, lines, and the time of the last read in nanoseconds: what came out of the manager so far. */
  sinkCounts(): { readonly bytes: number; readonly lines: number; readonly lastNs: number } {
    const counts = readFileSync(this.path("counts"));
    if (counts.length < 24) return { bytes: 0, lines: 0, lastNs: 0 };
    const [bytes = 0, lines = 0, lastNs = 0] = [0, 8, 16].map((at) => Number(counts.readBigUInt64LE(at)));
    return { bytes, lines, lastNs };
  }

  /** How late lines came out, in microseconds. */
  latenciesUs(): readonly number[] {
    const bytes = readFileSync(this.path("latencies"));
    return Array.from({ length: bytes.length >> 3 }, (_, at) => Number(bytes.readBigUInt64LE(at * 8)) / 1000);
  }

  /** Tells the manager to end, and does not wait. */
  stop(): void {
    process.kill(this.pid, this.manager.stopSignal);
    const command = this.manager.stopCommand?.(this.task);
    if (command !== undefined) owned(Bun.spawn([...command], { stdio: ["ignore", "ignore", "ignore"] }));
  }

  /** Ends all that is left, and removes the folder. */
  close(): void {
    endAll();
    this.records?.close();
    for (const fd of this.#openFds) closeFd(fd);
    rmSync(this.task.folder, { recursive: true, force: true });
  }
}

/** Ends all that this process and what it started have left. */
export function endAll(): void {
  const endNs = nowNs() + 10e9;
  for (let left = descendants(process.pid, new Set()); left.length > 0 && nowNs() < endNs;) {
    for (const pid of left) kill(pid);
    left = descendants(process.pid, new Set());
  }
  reapOrphans();
}

/** Managers leave their workers to this process; unreaped, those of all runs would take up every process id there is. */
function reapOrphans(): void {
  for (let pid = endedChild(); pid !== null && !isOwn(pid); pid = endedChild()) reapChild(pid);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    return; // it has ended meanwhile
  }
}

function putOutOfMemory(program: string): void {
  const fd = openSync(program, "r");
  evict(fd);
  closeSync(fd);
}

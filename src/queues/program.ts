import { statSync } from "node:fs";
import { basename } from "node:path";
import { closeFd, pipe } from "../system/libc.ts";
import { owned } from "../system/own-children.ts";
import { failed, type Failure } from "./queue.ts";

/** In what a program of the user's runs. */
export interface Surroundings {
  /** Absolute. */
  readonly cwd: string;
  /** All of it: nothing is added. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What is kept of the words a program says about its troubles. */
const maxErrorBytes = 4096;

/**
 * A running program, in a process group of its own. All that it says is read: its stdout chunk by chunk by `hear`, its stderr by `complain`
 * if that is given, and the first line of it is kept. When its process ends, or `kill` is called, its whole group is killed.
 */
export class Program {
  /** Resolves when the process has ended, although others may still hold its stdout: with what was wrong about its end, or null for exit code 0. */
  readonly exited: Promise<string | null>;
  /** Resolves when the process has ended and all that it said has been heard: with what was wrong about its end, or null for exit code 0. */
  readonly ended: Promise<string | null>;
  readonly #process: Bun.Subprocess<"pipe" | "ignore" | Uint8Array, number, number>;
  readonly #readers: { cancel(): Promise<void> }[] = [];
  #errorText = "";
  #exited = false;

  private constructor(
    command: readonly string[],
    stdin: "pipe" | "ignore" | Uint8Array,
    hear: (chunk: Uint8Array) => void,
    { cwd, env }: Surroundings,
    complain: (chunk: Uint8Array) => void,
    fds: number[],
  ) {
    const stdout = pipe("read");
    fds.push(stdout.readFd, stdout.writeFd);
    const stderr = pipe("read");
    fds.push(stderr.readFd, stderr.writeFd);
    const exited = Promise.withResolvers<string | null>();
    this.#process = owned(
      Bun.spawn({
        cmd: [...command],
        cwd,
        env: { ...env },
        // Real pipes: what Bun would make are sockets, which a script cannot open as /dev/stderr.
        stdio: [stdin, stdout.writeFd, stderr.writeFd],
        detached: true,
        onExit: (_, code, signal) => {
          this.#killGroup(); // what it has left behind, which may keep the pipes open
          this.#exited = true;
          exited.resolve(signal === null ? (code === 0 ? null : `exit code ${code}`) : `killed by ${signal}`);
        },
      }),
    );
    fds.length = 0;
    closeFd(stdout.writeFd);
    closeFd(stderr.writeFd);
    const heard = this.#read(stdout.readFd, hear);
    const complained = this.#read(stderr.readFd, (chunk) => {
      complain(chunk);
      if (this.#errorText.length < maxErrorBytes) this.#errorText += Buffer.from(chunk).toString("utf8");
    });
    this.exited = exited.promise;
    this.ended = Promise.all([exited.promise, heard, complained]).then(([end]) => end);
  }

  /** Starts it, or says why it could not. Never throws. `stdin`: to be written by `write`, at its end from the start, or these bytes. */
  static start(
    command: readonly string[],
    stdin: "pipe" | "ignore" | Uint8Array,
    hear: (chunk: Uint8Array) => void,
    surroundings: Surroundings,
    complain: (chunk: Uint8Array) => void = () => {},
  ): Program | Failure {
    const fds: number[] = [];
    try {
      return new Program(command, stdin, hear, surroundings, complain, fds);
    } catch (error) {
      for (const fd of fds) closeFd(fd);
      return failed(explainStart(error, command, surroundings.cwd));
    }
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** The first line of its stderr that has something in it, or nothing. */
  get complaint(): string {
    return (
      this.#errorText
        .split("\n", 100)
        .find((line) => line.trim() !== "")
        ?.trim() ?? ""
    );
  }

  /** Hands it a text; what it does not read yet waits. Its end is noticed elsewhere. */
  write(text: string): void {
    const { stdin } = this.#process;
    if (stdin === undefined || typeof stdin === "number") return;
    try {
      for (const step of [stdin.write(text), stdin.flush()]) Promise.resolve(step).catch(() => {});
    } catch {
      // it has closed its stdin; it will be found out when it does not answer
    }
  }

  /** To the process alone; harmless once it has ended. */
  signal(signal: NodeJS.Signals): void {
    if (!this.#exited) this.#process.kill(signal);
  }

  /** Ends it and its whole group at once; nothing more is heard of it. */
  kill(): void {
    this.#killGroup();
    for (const reader of this.#readers) reader.cancel().catch(() => {}); // someone who left the group may still hold the other end
  }

  #killGroup(): void {
    if (this.#exited) return; // the number may be somebody else's by now
    try {
      process.kill(-this.pid, "SIGKILL");
    } catch {
      // nobody is left
    }
  }

  async #read(fd: number, hear: (chunk: Uint8Array) => void): Promise<void> {
    const reader = Bun.file(fd).stream().getReader();
    this.#readers.push(reader);
    let next = reader.read();
    closeFd(fd); // the stream has its own by now
    try {
      for (let chunk = await next; !chunk.done; chunk = await next) {
        hear(chunk.value);
        next = reader.read();
      }
    } catch {
      // a pipe that cannot be read has ended
    }
  }
}

function explainStart(error: unknown, command: readonly string[], cwd: string): string {
  if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true)
    return `the working directory ${cwd} is missing`;
  const name = basename(command[0] ?? "");
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
  if (code === "ENOENT") return `the program ${name} was not found; install it or give its full path`;
  if (code === "EACCES") return `${name} may not be executed; make it executable (chmod +x)`;
  return `${name} could not be started (${code})`;
}

/** An end and the words that go with it. */
export function endText(end: string | null, complaint: string): string {
  return complaint === "" ? (end ?? "exit code 0") : `${end ?? "exit code 0"}: ${complaint}`;
}

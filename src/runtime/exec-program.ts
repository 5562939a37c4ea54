import { accessSync, closeSync, constants, openSync, readSync, readdirSync, statSync } from "node:fs";
import { resolve } from "node:path";

/**
 * The absolute path of the program that a worker's command names, looked up as Bun.spawn does: a path from `cwd`, a name in `path`. What
 * cannot be run is told before anything is started, since behind `pm __exec` the kernel would tell it to nobody. Throws what Bun.spawn
 * would throw: an Error with `code`.
 */
export function findProgram(name: string, cwd: string, path: string): string {
  if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true) return refuse("ENOENT", cwd);
  if (!name.includes("/")) return programOf(name, cwd, path);
  const program = resolve(cwd, name);
  checkRunnable(program);
  return program;
}

/** As `findProgram`, for whoever hears from the kernel itself what cannot be run. */
export function programOf(name: string, cwd: string, path: string): string {
  if (name.includes("/")) return name;
  return Bun.which(name, { PATH: path, cwd }) ?? refuse("ENOENT", name);
}

function checkRunnable(program: string): void {
  const found = statSync(program); // throws ENOENT, ENOTDIR, EACCES, ELOOP
  if (!found.isFile()) refuse("EACCES", program);
  accessSync(program, constants.X_OK);
  const start = startOf(program);
  if (start === null || isElf(start)) return;
  const interpreter = /^#![ \t]*([^ \t\n]+)/u.exec(start)?.[1];
  if (interpreter !== undefined) statSync(interpreter);
  else if (!hasOtherFormats()) refuse("ENOEXEC", program);
}

/** Whether it is a program for this kind of processor; 32 bits count. */
function isElf(start: string): boolean {
  const machines: readonly number[] = process.arch === "arm64" ? [183, 40] : [62, 3];
  const [executable, shared] = [2, 3];
  const [type, machine] = [start.charCodeAt(16), start.charCodeAt(18)]; // both are small numbers, little end first
  return start.startsWith("\u{7f}ELF") && (type === executable || type === shared) && machines.includes(machine);
}

/** Null when it may be run but not read. */
function startOf(program: string): string | null {
  const chunk = Buffer.alloc(256); // the kernel looks no further
  let fd: number;
  try {
    fd = openSync(program, "r");
  } catch {
    return null;
  }
  try {
    return chunk.toString("latin1", 0, readSync(fd, chunk));
  } finally {
    closeSync(fd);
  }
}

/** Whether this system can run more kinds of files than usual: then the kernel alone knows. */
function hasOtherFormats(): boolean {
  try {
    return readdirSync("/proc/sys/fs/binfmt_misc").some((name) => name !== "register" && name !== "status");
  } catch {
    return false;
  }
}

function refuse(code: string, what: string): never {
  throw Object.assign(new Error(`${code}: ${what}`), { code });
}

/** The kernel calls of `exec-helper.ts`, which nothing else of pm needs; the rules of `libc.ts` hold here as well. */
import { dlopen, ptr, read } from "bun:ffi";
import { ownBuffer } from "./libc.ts";

const { symbols } = dlopen("libc.so.6", {
  __errno_location: { args: [], returns: "ptr" },
  close_range: { args: ["u32", "u32", "i32"], returns: "i32" },
  execv: { args: ["ptr", "ptr"], returns: "i32" },
  getppid: { args: [], returns: "i32" },
  prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
  setgroups: { args: ["u64", "ptr"], returns: "i32" },
  setpriority: { args: ["i32", "i32", "i32"], returns: "i32" },
  setresgid: { args: ["u32", "u32", "u32"], returns: "i32" },
  setresuid: { args: ["u32", "u32", "u32"], returns: "i32" },
  setrlimit: { args: ["i32", "ptr"], returns: "i32" },
  sigaction: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  sigprocmask: { args: ["i32", "ptr", "ptr"], returns: "i32" },
});

// oxlint-disable-next-line no-underscore-dangle -- the C library's name
const errnoAt = symbols.__errno_location();

/** 0, or the errno of a call that gave `result`. */
function outcome(result: number): number {
  return result === 0 || errnoAt === null ? 0 : read.i32(errnoAt, 0);
}

/** Each gives 0, or an errno. */
export const setLimit = (resource: number, soft: bigint, hard: bigint): number => {
  const limits = ownBuffer(16);
  limits.writeBigUInt64LE(soft, 0);
  limits.writeBigUInt64LE(hard, 8);
  return outcome(symbols.setrlimit(resource, ptr(limits)));
};
export const setGroups = (ids: readonly number[]): number => {
  const list = ownBuffer(4 * ids.length + 4);
  ids.forEach((id, index) => list.writeUInt32LE(id, 4 * index));
  return outcome(symbols.setgroups(ids.length, ptr(list)));
};
export const setGroup = (id: number): number => outcome(symbols.setresgid(id, id, id));
export const setUser = (id: number): number => outcome(symbols.setresuid(id, id, id));
export const setNice = (value: number): number => outcome(symbols.setpriority(0, 0, value));
export const setNoNewPrivileges = (): number => outcome(symbols.prctl(38, 1n, 0n, 0n, 0n));
export const setParentDeathSignal = (signal: number): number => outcome(symbols.prctl(1, BigInt(signal), 0n, 0n, 0n));
export const parentPid = (): number => symbols.getppid();

/** Becomes the program, with this process's environment, no blocked or ignored signals, and no descriptors but 0 to 3. Gives an errno, or does not return. */
export function become(program: string, argv: readonly string[]): number {
  const texts = argv.map(zeroEnded);
  const pointers = ownBuffer(8 * (texts.length + 1));
  texts.forEach((text, index) => pointers.writeBigUInt64LE(BigInt(ptr(text)), 8 * index));
  const path = zeroEnded(program);
  const closeOnExec = 4;
  symbols.close_range(4, 0xffff_ffff, closeOnExec);
  defaultSignals();
  return outcome(symbols.execv(ptr(path), ptr(pointers)));
}

function defaultSignals(): void {
  const byDefault = ownBuffer(152); // struct sigaction, all zero
  for (let signal = 1; signal <= 64; signal++) symbols.sigaction(signal, ptr(byDefault), null);
  const none = ownBuffer(128); // sigset_t
  const setMask = 2;
  symbols.sigprocmask(setMask, ptr(none), null);
}

function zeroEnded(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const bytes = ownBuffer(length + 1);
  bytes.write(text);
  return bytes;
}

import { fstatSync } from "node:fs";

/** The major number of /dev/null and its neighbours. */
const memoryDevices = 1;

/** Whether this descriptor is a terminal. Only what may be one loads node:tty, which brings half of Node's streams with it. */
export function isTerminal(fd: number): boolean {
  try {
    const stats = fstatSync(fd);
    if (!stats.isCharacterDevice() || stats.rdev >> 8 === memoryDevices) return false;
  } catch {
    return false; // closed
  }
  return process.getBuiltinModule("node:tty").isatty(fd);
}

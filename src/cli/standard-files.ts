import { fstatSync, openSync } from "node:fs";

/**
 * A program started with 0, 1 or 2 closed would get its first file under that number, and workers would inherit it.
 * Opening /dev/null takes the lowest free number, so in this order each lands where it belongs.
 */
export function openMissingStandardFiles(): void {
  for (const fd of [0, 1, 2]) {
    try {
      fstatSync(fd);
    } catch {
      openSync("/dev/null", "r+");
    }
  }
}

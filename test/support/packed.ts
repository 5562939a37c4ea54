import { closeSync, openSync, readSync } from "node:fs";
import { Elf } from "../../scripts/elf.ts";
import { pmBinary } from "./pm-process.ts";

/** Why tests of the packed binary are skipped: the one under test is the plain one. Null when it is packed. */
export function notPacked(): string | null {
  const fd = openSync(pmBinary, "r");
  try {
    const head = new Uint8Array(4096);
    readSync(fd, head);
    const elf = new Elf(head);
    return elf.misfit === null && elf.interpreter === null ? null : `${pmBinary} is not packed`;
  } finally {
    closeSync(fd);
  }
}

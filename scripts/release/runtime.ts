/** The Bun that a program for another machine carries: from the npm registry, and exactly the one that the lock file names. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Runtime } from "../compile.ts";
import type { LockedPackage } from "./lock-file.ts";

/** Puts it into the folder, which must be there; or one line on why not. */
export function fetchRuntime(locked: LockedPackage, target: string, folder: string, npm = "npm"): Runtime | string {
  const wanted = `${locked.name}@${locked.version}`;
  const command = [npm, "pack", "--loglevel=error", "--prefer-offline", wanted];
  const { success, stdout, stderr } = Bun.spawnSync(command, { cwd: folder, stderr: "pipe" });
  const file = stdout.toString().trim();
  if (!success || file === "") return `npm pack ${wanted} failed: ${oneLine(stderr)}`;

  const packed = join(folder, file);
  const integrity = `sha512-${new Bun.CryptoHasher("sha512").update(readFileSync(packed)).digest("base64")}`;
  if (integrity !== locked.integrity) return `${wanted} is not what package-lock.json pins: it has ${integrity}`;

  const unpacked = Bun.spawnSync(["tar", "-xzf", file, "package/bin/bun"], { cwd: folder, stderr: "pipe" });
  rmSync(packed);
  const path = join(folder, "package", "bin", "bun");
  return existsSync(path) ? { target, path } : `${wanted} has no bin/bun: ${oneLine(unpacked.stderr)}`;
}

function oneLine(text: Buffer): string {
  return text
    .toString()
    .trim()
    .replaceAll(/\s*\n\s*/gu, "; ");
}

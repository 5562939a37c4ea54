/**
 * Builds pm: dist/pm-plain, which needs the C library of the machine it runs on, and dist/pm, which carries its own (scripts/pack.ts) and so
 * starts in an empty container too. Where packing is impossible, dist/pm is the plain one, and the last line says so.
 */
import { copyFileSync, mkdtempSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { version } from "../package.json";
import { compile } from "./compile.ts";
import { packFile } from "./pack.ts";

const root = join(import.meta.dir, "..");
const dist = join(root, "dist");
mkdirSync(dist, { recursive: true });
// Source maps land beside the binary, so it is made in a folder of its own; renaming replaces one that is running.
const folder = mkdtempSync(join(dist, "build-"));
const plain = join(folder, "pm");
const packed = join(folder, "packed");

const wrong = compile(plain);
if (wrong !== null) {
  rmSync(folder, { recursive: true });
  console.error(wrong);
  process.exit(1);
}

const unpackable = packFile(plain, packed, version);
if (unpackable !== null) copyFileSync(plain, packed);
const bytes = { plain: statSync(plain).size, packed: statSync(packed).size };
renameSync(plain, join(dist, "pm-plain"));
renameSync(packed, join(dist, "pm"));
rmSync(folder, { recursive: true });

console.log(`dist/pm-plain ${version}: ${bytes.plain} bytes`);
console.log(
  unpackable === null
    ? `dist/pm ${version}: ${bytes.packed} bytes, ${bytes.packed - bytes.plain} of them the loader and the C library`
    : `dist/pm ${version}: the plain one, since it cannot be packed: ${unpackable}`,
);

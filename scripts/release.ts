/**
 * Makes a release: an archive for each target, SHA256SUMS, the bill of materials, the install script. Two releases of the same commit are
 * the same byte for byte, whatever the folder, the clock and the user, as long as the C library that is packed is the same.
 *
 *     bun scripts/release.ts [--out FOLDER] [--targets NAME,NAME…]
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { runCompletions } from "../src/cli/commands/completions.ts";
import { commands } from "../src/cli/commands.ts";
import { compile } from "./compile.ts";
import { findParts, packElf } from "./pack.ts";
import { archive, type Entry } from "./release/archive.ts";
import { cLibraryOf, type CLibrary } from "./release/c-library.ts";
import { type LockedPackage, readLock } from "./release/lock-file.ts";
import { licenceIn, noticesOf } from "./release/notices.ts";
import { fetchRuntime } from "./release/runtime.ts";
import { sbomOf } from "./release/sbom.ts";
import { sha256, sumsOf } from "./release/sums.ts";
import { chooseTargets, type Target, targetHere } from "./release/targets.ts";

/** What is compiled for a target. */
interface Built {
  readonly target: Target;
  readonly runtime: LockedPackage;
  /** By the names they have in the archive. */
  readonly programs: Readonly<Record<string, Uint8Array>>;
  readonly cLibrary: CLibrary | null;
}

const root = join(import.meta.dir, "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const here = targetHere();

const values = wishes();
const out = resolve(values.out ?? join(root, "dist", "release"));
const chosen = chooseTargets(values.targets?.split(",") ?? []);
if (typeof chosen === "string") fail(chosen);
const lock = readLock(read("package-lock.json"));
const { name, version } = lock.project;
const epochSeconds = commitTime();

const built = chosen.map(build);
const cLibrary = built.find((each) => each.cLibrary !== null)?.cLibrary ?? null;
const texts = commonTexts();

mkdirSync(out, { recursive: true });
for (const file of readdirSync(out).filter((each) =>
  /^(?:pm-.*\.tar\.gz|pm-.*\.cdx\.json|SHA256SUMS|install\.sh)$/u.test(each),
))
  rmSync(join(out, file));

const files = new Map<string, Uint8Array | string>();
for (const { target, programs } of built) {
  const stem = `${name}-${version}-${target.name}`;
  const entries = [...Object.entries(programs), ...Object.entries(texts)].map(([path, bytes]): Entry => ({
    path: `${stem}/${path}`,
    bytes,
    executable: path in programs,
  }));
  files.set(`${stem}.tar.gz`, archive(entries, epochSeconds));
}
const runtimes = built.map(({ runtime }) => runtime);
files.set(
  `${name}-${version}.cdx.json`,
  sbomOf({ project: lock.project, packages: lock.runtime, runtimes, cLibrary, epochSeconds }),
);
files.set("install.sh", read("scripts/install.sh"));
files.set("SHA256SUMS", sumsOf(files));
for (const [file, bytes] of files)
  writeFileSync(join(out, file), bytes, { mode: file.endsWith(".sh") ? 0o755 : 0o644 });

console.log(`${name} ${version}, ${new Date(epochSeconds * 1000).toISOString()}, in ${out}:`);
for (const [file, bytes] of files) console.log(`  ${sha256(bytes).slice(0, 12)}  ${file}, ${bytes.length} bytes`);
console.log("not done, or not tried:");
for (const { target, programs } of built)
  for (const line of openPoints(target, programs)) console.log(`  ${target.name}: ${line}`);
console.log("  no file is signed: SHA256SUMS is to be published over a channel that is trusted");
if (changed()) console.log("  the working tree has changes that no commit has: this is not the release of a commit");

function wishes(): { readonly out?: string; readonly targets?: string } {
  try {
    return parseArgs({ options: { out: { type: "string" }, targets: { type: "string" } } }).values;
  } catch (error) {
    return fail(Error.isError(error) ? error.message : String(error));
  }
}

function build(target: Target): Built {
  const folder = mkdtempSync(join(tmpdir(), "pm-release-"));
  try {
    const runtime = lock.find(`node_modules/${target.runtime}`);
    if (runtime === null) return fail(`package-lock.json does not name ${target.runtime}`);
    // npm has compared the Bun that runs this with the lock file when it was installed.
    const own = target.name === here && Bun.version === runtime.version;
    const carried = own ? null : fetchRuntime(runtime, target.bun, folder);
    if (typeof carried === "string") return fail(`${target.name}: ${carried}`);

    const path = join(folder, "pm");
    const wrong = compile(path, carried);
    if (wrong !== null) return fail(`${target.name}: ${wrong}`);
    if (target.name === here) tryOut(path);
    const plain = new Uint8Array(readFileSync(path));
    const parts = target.name === here ? findParts(path, version) : "it is packed only on a machine of its own kind";
    const packed = typeof parts === "string" ? null : packElf(plain, parts);
    if (packed === null || !packed.ok || typeof parts === "string")
      return { target, runtime, programs: { pm: plain }, cLibrary: null };

    writeFileSync(path, packed.bytes);
    tryOut(path);
    const programs = { pm: packed.bytes, "pm-plain": plain };
    return { target, runtime, programs, cLibrary: cLibraryOf([parts.linker, ...parts.libraries]) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A program that does not even tell its version and its help is not released. */
function tryOut(path: string): void {
  const { stdout, stderr } = Bun.spawnSync([path, "--version"], { stderr: "pipe" });
  const said = stdout.toString().trim();
  if (said !== version) fail(`${path} --version says "${said}" instead of ${version}: ${stderr.toString()}`);
  const help = Bun.spawnSync([path, "--help"], { stderr: "pipe" });
  if (help.exitCode !== 0) fail(`${path} --help ends with ${help.exitCode}: ${help.stderr.toString()}`);
}

/** What every archive has beside the programs. */
function commonTexts(): Readonly<Record<string, Uint8Array>> {
  const packages = lock.runtime.map((locked) => {
    const licence = licenceIn(join(root, locked.folder));
    return { locked, licence: licence ?? fail(`${locked.folder} has no licence file`) };
  });
  const notices = noticesOf(
    {
      packages,
      bunVersion: Bun.version,
      bun: read("node_modules/bun-types/docs/project/license.mdx"),
      cLibraryCopyright: textOf("/usr/share/doc/libc6/copyright"),
      lgpl: read("scripts/release/licences/LGPL-2.1.txt"),
    },
    cLibrary,
  );
  const encoder = new TextEncoder();
  return {
    LICENSE: encoder.encode(read("LICENSE")),
    "README.md": encoder.encode(read("README.md")),
    "THIRD-PARTY-NOTICES": encoder.encode(notices),
    "completions/pm.bash": encoder.encode(runCompletions("bash", commands).stdout),
    "completions/_pm": encoder.encode(runCompletions("zsh", commands).stdout),
    "completions/pm.fish": encoder.encode(runCompletions("fish", commands).stdout),
  };
}

function openPoints(target: Target, programs: Built["programs"]): readonly string[] {
  const unpacked = target.lacks === null && programs["pm-plain"] === undefined;
  return [
    ...(target.lacks === null ? [] : [target.lacks]),
    ...(unpacked ? [`not packed: only a machine of its own kind can do that, and this is ${here}`] : []),
    ...(target.name === here ? [] : [`not run: this machine is ${here}`]),
  ];
}

/** Seconds since 1970: SOURCE_DATE_EPOCH, else when the commit was made. */
function commitTime(): number {
  const given = process.env["SOURCE_DATE_EPOCH"] ?? git("log", "-1", "--format=%ct");
  if (/^\d{1,11}$/u.test(given)) return Number(given);
  return fail(
    "the time of the commit is not known: run it in a git checkout, or set SOURCE_DATE_EPOCH to seconds since 1970",
  );
}

function changed(): boolean {
  return git("status", "--porcelain") !== "";
}

/** What git prints; nothing where it fails or is not there. */
function git(...words: readonly string[]): string {
  if (Bun.which("git") === null) return "";
  return Bun.spawnSync(["git", ...words], { cwd: root, stderr: "ignore" })
    .stdout.toString()
    .trim();
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function fail(problem: string): never {
  console.error(`release: ${problem}`);
  process.exit(1);
}

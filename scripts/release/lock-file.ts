/** What package-lock.json says of packages. */
import * as v from "valibot";

const packageSchema = v.object({
  version: v.string(),
  license: v.optional(v.string(), "NOASSERTION"),
  integrity: v.optional(v.string(), ""),
  dependencies: v.optional(v.record(v.string(), v.string()), {}),
});
const lockSchema = v.object({
  packages: v.objectWithRest({ "": v.object({ ...packageSchema.entries, name: v.string() }) }, packageSchema),
});

export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  /** An SPDX identifier or expression. */
  readonly license: string;
  /** As npm writes it: `sha512-` and base64. */
  readonly integrity: string;
  /** Relative to the project. */
  readonly folder: string;
  /** The folders of the packages it needs at run time. */
  readonly needs: readonly string[];
}

export interface Lock {
  readonly project: LockedPackage;
  /** All that the project needs at run time, directly or not, in the order of their folders. */
  readonly runtime: readonly LockedPackage[];
  /** The package in this folder, needed at run time or not. */
  readonly find: (folder: string) => LockedPackage | null;
}

/** Reads package-lock.json (version 3). Throws a ValiError when it is not one. */
export function readLock(text: string): Lock {
  const { packages } = v.parse(lockSchema, JSON.parse(text));
  const find = (folder: string): LockedPackage | null => {
    const found = Object.hasOwn(packages, folder) ? packages[folder] : undefined;
    if (found === undefined) return null;
    const { version, license, integrity, dependencies } = found;
    const name =
      folder === "" ? packages[""].name : folder.slice(folder.lastIndexOf("node_modules/") + "node_modules/".length);
    const needs = Object.keys(dependencies).flatMap((needed) => folderOf(needed, folder, Object.keys(packages)) ?? []);
    return { name, version, license, integrity, folder, needs };
  };

  // Not by the mark `dev`: npm leaves it out for optional peers, which pm does not carry.
  const reached = new Map<string, LockedPackage>();
  const reach = (folder: string): void => {
    const found = reached.has(folder) ? null : find(folder);
    if (found === null) return;
    reached.set(folder, found);
    found.needs.forEach(reach);
  };
  reach("");
  const { "": project, ...runtime } = Object.fromEntries(reached);
  if (project === undefined) throw new TypeError("package-lock.json does not name the project");
  const byFolder = (a: LockedPackage, b: LockedPackage): number => (a.folder < b.folder ? -1 : 1);
  return { project, runtime: Object.values(runtime).toSorted(byFolder), find };
}

/** Where Node would find it from there: in the nearest node_modules. */
function folderOf(name: string, from: string, folders: readonly string[]): string | null {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf("/node_modules/")))) {
    const folder = `${at === "" ? "" : `${at}/`}node_modules/${name}`;
    if (folders.includes(folder)) return folder;
    if (at === "") return null;
  }
}

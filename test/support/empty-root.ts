import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { missing } from "./needs.ts";
import { childrenOf, until } from "./proc.ts";

/** Who pm is in the empty root: root of its own user namespace, or uid and gid 65534 without any privilege. */
export type RootUser = "root" | "nobody";

const namespaces = ["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child"] as const;

/** Why no empty root can be made on this machine; null when it can. */
export function emptyRootRefused(): string | null {
  const absent = missing("unshare", "mount");
  if (absent !== null) return absent;
  const script = "mount -t proc proc /proc && unshare --user --map-user=65534 --map-group=65534 true";
  const tried = Bun.spawnSync([...namespaces, "sh", "-c", script]);
  return tried.exitCode === 0 ? null : `user namespaces are not allowed here: ${tried.stderr.toString().trim()}`;
}

/**
 * A folder that a process gets as its whole file system, read-only, in namespaces of its own (as PID 1, on this machine's network): the program
 * at /pm, /proc, /dev/null, and the given files.
 */
export class EmptyRoot implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "pm-root-"));
  readonly #before: readonly string[];

  constructor(files: Readonly<Record<string, string>>) {
    for (const folder of ["proc", "dev"]) mkdirSync(join(this.folder, folder));
    for (const [path, text] of Object.entries({ pm: "", "dev/null": "", ...files }))
      writeFileSync(join(this.folder, path), text);
    this.#before = this.files;
  }

  /** Words to put before the path of a packed pm and its arguments. */
  starter(user: RootUser): readonly string[] {
    const script = [
      'mount --bind "$0" "$0"',
      'mount --bind "$1" "$0/pm"',
      'mount --bind /dev/null "$0/dev/null"',
      'mount -t proc proc "$0/proc"',
      'mount -o remount,bind,ro "$0"',
      "root=$0; shift",
      `exec unshare ${user === "nobody" ? "--user --map-user=65534 --map-group=65534" : ""} --root="$root" /pm "$@"`,
    ];
    return [...namespaces, "sh", "-c", script.join(" && "), this.folder];
  }

  /** The process that is PID 1 in there, by its number out here; `started` is what was started with the words of `starter`. */
  async init(started: number): Promise<number> {
    await until(() => childrenOf(started).length === 1);
    return childrenOf(started)[0] ?? 0;
  }

  /** What came to be in there. */
  get left(): readonly string[] {
    return this.files.filter((path) => !this.#before.includes(path));
  }

  private get files(): readonly string[] {
    return readdirSync(this.folder, { recursive: true, encoding: "utf8" });
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

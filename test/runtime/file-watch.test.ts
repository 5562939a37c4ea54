import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { watchFile } from "../../src/runtime/file-watch.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

let folder = temporaryFolder();
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder[Symbol.dispose]());

const at = (path: string): string => join(folder.path, path);
const write = (path: string, text: string): void => writeFileSync(at(path), text);

/** Counts the changes of a file, and waits for them. `file` is what the file holds when a change is told. */
class Watched implements Disposable {
  readonly told: string[] = [];
  readonly troubles: string[] = [];
  readonly #cancel: () => void;
  #wake = (): void => {};

  constructor(path: string) {
    this.#cancel = watchFile(
      at(path),
      () => {
        this.told.push(readFileSync(at(path), "utf8"));
        this.#wake();
      },
      (why) => this.troubles.push(why),
      20,
    );
  }

  /** Resolves when so many changes have been told in all. */
  async count(wanted: number): Promise<readonly string[]> {
    while (this.told.length < wanted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    return this.told;
  }

  [Symbol.dispose](): void {
    this.#cancel();
  }
}

/**
 * Whatever was done before this to another file has been heard of and judged: `witness` is changed after it and watched by the same
 * means, and its own change is told no sooner.
 */
async function judged(witness: Watched, path: string): Promise<void> {
  const before = witness.told.length;
  appendFileSync(at(path), "x");
  await witness.count(before + 1);
}

describe("a file", () => {
  test.each<[string, () => void]>([
    ["written in place", () => write("pm.yaml", "new")],
    [
      "written in many steps",
      () => ["n", "e", "w"].forEach((letter, index) => (index === 0 ? write : append)("pm.yaml", letter)),
    ],
    [
      "replaced by another, as editors do",
      () => {
        write("pm.yaml.tmp", "new");
        renameSync(at("pm.yaml.tmp"), at("pm.yaml"));
      },
    ],
    [
      "moved away and written anew, as other editors do",
      () => {
        renameSync(at("pm.yaml"), at("pm.yaml~"));
        write("pm.yaml", "new");
      },
    ],
    [
      "removed and written anew",
      () => {
        rmSync(at("pm.yaml"));
        write("pm.yaml", "new");
      },
    ],
  ])("%s has changed once", async (_, change) => {
    write("pm.yaml", "old");
    write("witness", "");
    using watched = new Watched("pm.yaml");
    using witness = new Watched("witness");
    change();
    expect(await watched.count(1)).toEqual(["new"]);
    await judged(witness, "witness");
    expect(watched.told).toEqual(["new"]);
    write("pm.yaml", "newer"); // and it goes on
    expect(await watched.count(2)).toEqual(["new", "newer"]);
  });

  test("that comes into being has changed", async () => {
    using watched = new Watched("pm.yaml");
    write("pm.yaml", "new");
    expect(await watched.count(1)).toEqual(["new"]);
  });

  test("that vanishes is no change until it is back", async () => {
    write("pm.yaml", "old");
    write("witness", "");
    using watched = new Watched("pm.yaml");
    using witness = new Watched("witness");
    rmSync(at("pm.yaml"));
    await judged(witness, "witness");
    expect(watched.told).toEqual([]);
    write("pm.yaml", "back");
    expect(await watched.count(1)).toEqual(["back"]);
  });

  test("has not changed because others beside it have, or because it was read", async () => {
    write("pm.yaml", "old");
    write("witness", "");
    using watched = new Watched("pm.yaml");
    using witness = new Watched("witness");
    write("pm.yaml.swp", "x");
    readFileSync(at("pm.yaml"));
    await judged(witness, "witness");
    expect([watched.told, watched.troubles]).toEqual([[], []]);
  });
});

describe("a file behind a symbolic link has changed", () => {
  test("when a ConfigMap of Kubernetes is updated, again and again", async () => {
    mkdirSync(at("..1"));
    write("..1/pm.yaml", "1");
    symlinkSync("..1", at("..data"));
    symlinkSync("..data/pm.yaml", at("pm.yaml"));
    using watched = new Watched("pm.yaml");
    for (const version of ["2", "3", "4"]) {
      mkdirSync(at(`..${version}`));
      write(`..${version}/pm.yaml`, version);
      symlinkSync(`..${version}`, at("..data_tmp"));
      renameSync(at("..data_tmp"), at("..data"));
      rmSync(at(`..${Number(version) - 1}`), { recursive: true });
      await watched.count(Number(version) - 1);
    }
    expect(watched.told).toEqual(["2", "3", "4"]);
  });

  test("when a folder above it leads elsewhere, as of a new release", async () => {
    for (const release of ["1", "2"]) {
      mkdirSync(at(`releases/${release}/config`), { recursive: true });
      write(`releases/${release}/config/pm.yaml`, release);
    }
    symlinkSync(at("releases/1"), at("current"));
    using watched = new Watched("current/config/pm.yaml");
    symlinkSync("releases/2", at("next"));
    renameSync(at("next"), at("current"));
    expect(await watched.count(1)).toEqual(["2"]);
    write("releases/2/config/pm.yaml", "2b");
    expect(await watched.count(2)).toEqual(["2", "2b"]);
  });

  test("when what it leads to is written, wherever that is", async () => {
    mkdirSync(at("elsewhere"));
    mkdirSync(at("here"));
    write("elsewhere/real.yaml", "old");
    symlinkSync("../elsewhere/./real.yaml", at("here/pm.yaml"));
    using watched = new Watched("here/pm.yaml");
    write("elsewhere/real.yaml", "new");
    expect(await watched.count(1)).toEqual(["new"]);
  });
});

describe("a folder that is replaced", () => {
  test("is watched in the place of the old one, by all who watch it", async () => {
    mkdirSync(at("config"));
    write("config/pm.yaml", "old");
    write("config/one.env", "old");
    using yaml = new Watched("config/pm.yaml");
    using env = new Watched("config/one.env");
    for (const version of ["1", "2"]) {
      mkdirSync(at("next"));
      write("next/pm.yaml", version);
      write("next/one.env", version);
      renameSync(at("config"), at(`old${version}`));
      renameSync(at("next"), at("config"));
      await Promise.all([yaml.count(Number(version) * 2 - 1), env.count(Number(version) * 2 - 1)]);
      write("config/pm.yaml", `${version}b`);
      write("config/one.env", `${version}b`);
      await Promise.all([yaml.count(Number(version) * 2), env.count(Number(version) * 2)]);
    }
    expect([yaml.told, env.told]).toEqual([
      ["1", "1b", "2", "2b"],
      ["1", "1b", "2", "2b"],
    ]);
  });

  test("and put back is no change", async () => {
    mkdirSync(at("config"));
    write("config/pm.yaml", "old");
    write("witness", "");
    using watched = new Watched("config/pm.yaml");
    using witness = new Watched("witness");
    renameSync(at("config"), at("away"));
    renameSync(at("away"), at("config"));
    await judged(witness, "witness");
    expect(watched.told).toEqual([]);
  });

  test("may be gone in between, with all above it", async () => {
    mkdirSync(at("a/b"), { recursive: true });
    write("a/b/pm.yaml", "old");
    using watched = new Watched("a/b/pm.yaml");
    for (const version of ["1", "2"]) {
      rmSync(at("a"), { recursive: true });
      mkdirSync(at("a/b"), { recursive: true });
      write("a/b/pm.yaml", version);
      await watched.count(Number(version));
    }
    expect(watched.told).toEqual(["1", "2"]);
  });
});

test("links in a circle, and a way that ends at a file, are only files that are not there", async () => {
  symlinkSync("two", at("one"));
  symlinkSync("one", at("two"));
  write("file", "");
  using circle = new Watched("one");
  using blocked = new Watched("file/pm.yaml");
  rmSync(at("one"));
  write("one", "new");
  expect(await circle.count(1)).toEqual(["new"]);
  expect([blocked.told, blocked.troubles, circle.troubles]).toEqual([[], [], []]);
});

test("nothing is told, and nothing is watched, when it is over", async () => {
  mkdirSync(at("config"));
  write("config/pm.yaml", "old");
  write("witness", "");
  using witness = new Watched("witness");
  const before = inotifyWatches();
  const watched = new Watched("config/pm.yaml");
  expect(inotifyWatches()).toBe(before + 1);
  write("config/pm.yaml", "new");
  watched[Symbol.dispose]();
  await judged(witness, "witness");
  expect(watched.told).toEqual([]);
  expect(inotifyWatches()).toBe(before);
});

function append(path: string, text: string): void {
  appendFileSync(at(path), text);
}

/** How many folders this process watches. */
function inotifyWatches(): number {
  const infos = readdirSync("/proc/self/fdinfo").map((fd) => {
    try {
      return readFileSync(`/proc/self/fdinfo/${fd}`, "utf8");
    } catch {
      return ""; // the one of the listing itself
    }
  });
  return infos.join("").match(/^inotify /gmu)?.length ?? 0;
}

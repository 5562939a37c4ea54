import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "bun:test";
import { archive } from "../../scripts/release/archive.ts";
import { sumsOf } from "../../scripts/release/sums.ts";
import { missing } from "../support/needs.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const script = join(import.meta.dir, "..", "..", "scripts", "install.sh");
const fetchers = ["curl", "wget"].filter((name) => Bun.which(name) !== null);
const reason = missing("tar", "sha256sum") ?? (fetchers.length === 0 ? "not installed: curl or wget" : null);
if (reason !== null) console.warn(`skipping the install script: ${reason}`);

type Files = ReadonlyMap<string, Uint8Array | string>;

/** A release for a target that no machine is of, whose pm says this. */
function release(says: string, target = "moon-x64"): Files {
  const stem = `pm-1.2.3-${target}`;
  const texts = {
    pm: `#!/bin/sh\necho ${says}\n`,
    LICENSE: "free",
    "README.md": "read",
    "THIRD-PARTY-NOTICES": "theirs",
    "completions/pm.bash": "bash",
    "completions/_pm": "zsh",
    "completions/pm.fish": "fish",
  };
  const encoder = new TextEncoder();
  const entries = Object.entries(texts).map(([path, text]) => ({
    path: `${stem}/${path}`,
    bytes: encoder.encode(text),
    executable: path === "pm",
  }));
  const packed: Files = new Map([[`${stem}.tar.gz`, archive(entries, 1)]]);
  return new Map([...packed, ["SHA256SUMS", sumsOf(packed)]]);
}

/** The release, with one file replaced; taken away with null. */
function spoilt(files: Files, name: string, content: Uint8Array | string | null): Files {
  const rest = [...files].filter(([each]) => each !== name);
  return new Map(content === null ? rest : [...rest, [name, content]]);
}

/** A machine with a folder of its own for temporary files, and with these programs only, when they are given. */
class Machine implements Disposable {
  readonly #folder = temporaryFolder();
  readonly prefix = join(this.#folder.path, "usr");
  readonly temporary = join(this.#folder.path, "tmp");
  readonly #environment: Readonly<Record<string, string>>;

  constructor(programs: readonly string[] | null = null) {
    mkdirSync(this.temporary);
    const path = programs === null ? (process.env["PATH"] ?? "") : join(this.#folder.path, "bin");
    if (programs !== null) mkdirSync(path);
    for (const name of programs ?? []) symlinkSync(Bun.which(name) ?? name, join(path, name));
    this.#environment = { PATH: path, TMPDIR: this.temporary, HOME: this.#folder.path, PM_TARGET: "moon-x64" };
  }

  async run(words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const sh = Bun.which("sh") ?? "/bin/sh";
    const env = { ...this.#environment, ...environment };
    const child = Bun.spawn([sh, script, ...words], { env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    const [stdout, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    return { exitCode, stdout, stderr };
  }

  /** What is left of it: below the prefix, and of temporary files. */
  get left(): readonly string[] {
    const inPrefix = existsSync(this.prefix) ? readdirSync(this.prefix, { recursive: true, encoding: "utf8" }) : [];
    return [...inPrefix, ...readdirSync(this.temporary)].toSorted();
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

/** A server on this machine that has these files and nothing else. */
function serve(files: Files) {
  return Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: ({ url }) => {
      const content = files.get(new URL(url).pathname.replace("/pm/", ""));
      return content === undefined ? new Response("no such file", { status: 404 }) : new Response(Buffer.from(content));
    },
  });
}

const common = ["sh", "id", "mktemp", "rm", "grep", "wc", "tar", "gzip", "mkdir", "cp", "chmod", "mv", "uname", "cut"];

describe.skipIf(reason !== null)("the install script", () => {
  test.each(fetchers)("installs what it has verified, fetched by %s", async (fetcher) => {
    using machine = new Machine([...common, "sha256sum", fetcher]);
    using server = serve(release("hello"));
    const { exitCode, stderr } = await machine.run([`${server.url.href}pm/`, machine.prefix]);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr:
        `install: ${machine.prefix}/bin/pm is that of pm-1.2.3-moon-x64.tar.gz\n` +
        `install: ${machine.prefix}/bin is not in PATH\n`,
    });
    const program = join(machine.prefix, "bin", "pm");
    expect(Bun.spawnSync([program]).stdout.toString()).toBe("hello\n");
    expect(statSync(program).mode & 0o777).toBe(0o755);
    expect(readFileSync(join(machine.prefix, "share/zsh/site-functions/_pm"), "utf8")).toBe("zsh");
    expect(readdirSync(machine.temporary)).toEqual([]);
    expect(machine.left.filter((path) => path.includes(".new."))).toEqual([]);
  });

  test("takes the place and the prefix from variables too, and replaces the pm that was there", async () => {
    using machine = new Machine();
    for (const says of ["one", "two"]) {
      using server = serve(release(says));
      const given = { PM_RELEASE_URL: `${server.url.href}pm`, PM_PREFIX: machine.prefix };
      expect((await machine.run([], given)).exitCode).toBe(0);
      expect(Bun.spawnSync([join(machine.prefix, "bin", "pm")]).stdout.toString()).toBe(`${says}\n`);
    }
  });

  const good = release("hello");
  const name = "pm-1.2.3-moon-x64.tar.gz";
  const sums = String(good.get("SHA256SUMS"));
  test.each<[string, Files, RegExp]>([
    [
      "an archive that is another",
      spoilt(good, name, release("evil").get(name) ?? ""),
      /^install: pm-1\.2\.3-moon-x64\.tar\.gz is not what SHA256SUMS says: its SHA-256 is [0-9a-f]{64} instead of [0-9a-f]{64}; nothing is installed\n$/u,
    ],
    [
      "an archive that was cut off",
      spoilt(good, name, (good.get(name) ?? "").slice(0, 100)),
      /is not what SHA256SUMS says/u,
    ],
    [
      "an archive that is not there",
      spoilt(good, name, null),
      /pm\/pm-1\.2\.3-moon-x64\.tar\.gz cannot be fetched\n$/u,
    ],
    ["no SHA256SUMS", spoilt(good, "SHA256SUMS", null), /pm\/SHA256SUMS cannot be fetched\n$/u],
    ["an empty SHA256SUMS", spoilt(good, "SHA256SUMS", ""), /SHA256SUMS has no archive for moon-x64\n$/u],
    ["a SHA256SUMS of another target", release("hello", "moon-x64-musl"), /SHA256SUMS has no archive for moon-x64\n$/u],
    [
      "a sum that is none",
      spoilt(good, "SHA256SUMS", sums.replace(/^\w+/u, "")),
      /SHA256SUMS has no archive for moon-x64\n$/u,
    ],
    [
      "a name that leads elsewhere",
      spoilt(good, "SHA256SUMS", sums.replace("pm-1", "../pm-1")),
      /SHA256SUMS has no archive for moon-x64\n$/u,
    ],
    [
      "two archives for the same target",
      spoilt(good, "SHA256SUMS", sums + sums.replace("1.2.3", "1.2.4")),
      /SHA256SUMS has several archives for moon-x64\n$/u,
    ],
  ])("refuses %s in one line, and leaves nothing", async (_, files, says) => {
    using machine = new Machine();
    using server = serve(files);
    const { exitCode, stdout, stderr } = await machine.run([`${server.url.href}pm`, machine.prefix]);
    expect({ exitCode, stdout, left: machine.left }).toEqual({ exitCode: 1, stdout: "", left: [] });
    expect(stderr.split("\n").filter((line) => line.startsWith("install: "))).toHaveLength(1);
    expect(stderr).toMatch(says);
  });

  test("asks for the place of the release, which has no default", async () => {
    using machine = new Machine();
    expect(await machine.run([])).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: "install: say where the release is: sh install.sh URL, or PM_RELEASE_URL=URL\n",
    });
  });

  test.each([
    ["fetches", ["sha256sum"], "neither curl nor wget is on this machine"],
    [
      "verifies",
      fetchers.slice(0, 1),
      "no sha256sum, shasum or openssl is on this machine: the archive cannot be verified",
    ],
  ])("installs nothing where no program %s", async (_, programs, says) => {
    using machine = new Machine([...common, ...programs]);
    using server = serve(good);
    const { exitCode, stderr } = await machine.run([`${server.url.href}pm`, machine.prefix]);
    expect({ exitCode, stderr, left: machine.left }).toEqual({ exitCode: 1, stderr: `install: ${says}\n`, left: [] });
  });

  test("tells which machine there is no pm for", async () => {
    using machine = new Machine([...common.filter((each) => each !== "uname"), "sha256sum", ...fetchers]);
    const uname = join(machine.temporary, "..", "bin", "uname");
    writeFileSync(uname, '#!/bin/sh\n[ "$1" = -s ] && echo Plan9 || echo mips\n', { mode: 0o755 });
    using server = serve(good);
    const { exitCode, stderr } = await machine.run([`${server.url.href}pm`, machine.prefix], { PM_TARGET: "" });
    expect([exitCode, stderr]).toEqual([1, "install: there is no pm for Plan9-mips\n"]);
  });
});

import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readLock } from "../../scripts/release/lock-file.ts";
import { fetchRuntime } from "../../scripts/release/runtime.ts";
import { targetHere, targets } from "../../scripts/release/targets.ts";
import { missing } from "../support/needs.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

setDefaultTimeout(180_000);

const root = join(import.meta.dir, "..", "..");
const lock = readLock(readFileSync(join(root, "package-lock.json"), "utf8"));
const here = targetHere();
const { version } = lock.project;

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

/** A checkout of the same sources in another place, with no more installed than pm carries, and no git. */
function copyOfProject(from: string, to: string): string {
  const copy = join(folder.path, to);
  const wanted = ["src", "scripts", "package.json", "package-lock.json", "tsconfig.json", "LICENSE", "README.md"];
  const licence = "node_modules/bun-types/docs/project/license.mdx";
  for (const path of [...wanted, licence, ...lock.runtime.map((each) => each.folder)]) {
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    cpSync(join(from, path), join(copy, path), { recursive: true });
  }
  return copy;
}

function release(project: string, words: readonly string[], environment: Readonly<Record<string, string | undefined>>) {
  const command = [process.execPath, "scripts/release.ts", ...words];
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, {
    cwd: project,
    env: { ...process.env, ...environment },
    stderr: "pipe",
  });
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

const reason = targets.some(({ name }) => name === here) ? missing("tar") : `there is no target for ${here}`;
if (reason !== null) console.warn(`skipping the making of a release: ${reason}`);

describe.skipIf(reason !== null)("a release", () => {
  const outs = ["one", "two"].map((each) => join(folder.path, each));
  const [one = "", two = ""] = outs;
  const name = `pm-${version}-${here}`;
  const files = [`${name}.tar.gz`, `pm-${version}.cdx.json`, "SHA256SUMS", "install.sh"];

  test("is the same byte for byte, made twice in different folders, time zones and languages", () => {
    const time = { SOURCE_DATE_EPOCH: "1700000000" };
    // The second is made of the first, so that they are alike even while somebody works on the sources.
    const first = copyOfProject(root, "first");
    const second = copyOfProject(first, join("another", "place", "of it"));
    expect(release(first, ["--targets", here, "--out", one], { ...time, TZ: "UTC" })).toMatchObject({
      exitCode: 0,
      stderr: "",
    });
    mkdirSync(two);
    writeFileSync(join(two, "pm-0.0.1-old.tar.gz"), "of an earlier release");
    const other = { ...time, TZ: "Asia/Tokyo", LC_ALL: "C", USER: "somebody", NODE_ENV: "production" };
    expect(release(second, ["--targets", here, "--out", two], other)).toMatchObject({ exitCode: 0, stderr: "" });
    expect(
      files.filter((file) => Buffer.compare(readFileSync(join(one, file)), readFileSync(join(two, file)))),
    ).toEqual([]);
    expect(existsSync(join(two, "pm-0.0.1-old.tar.gz"))).toBe(false);
  });

  test("has the sums of all its other files", () => {
    const sums = readFileSync(join(one, "SHA256SUMS"), "utf8");
    const named = [...sums.matchAll(/^([0-9a-f]{64}) {2}(\S+)$/gmu)].map(([, sum = "", file = ""]) => [file, sum]);
    const sumOf = (file: string) => new Bun.CryptoHasher("sha256").update(readFileSync(join(one, file))).digest("hex");
    expect(named).toEqual(
      files
        .filter((file) => file !== "SHA256SUMS")
        .toSorted()
        .map((file) => [file, sumOf(file)]),
    );
  });

  test("is installed by its own script, and runs", async () => {
    using server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: ({ url }) => new Response(Bun.file(join(one, new URL(url).pathname))),
    });
    const prefix = join(folder.path, "usr");
    const env = { ...process.env, PM_TARGET: here };
    const script = Bun.spawn(["sh", join(one, "install.sh"), server.url.href, prefix], { env, stderr: "pipe" });
    expect([await script.exited, await script.stderr.text()]).toEqual([
      0,
      `install: ${prefix}/bin/pm is that of ${name}.tar.gz\ninstall: ${prefix}/bin is not in PATH\n`,
    ]);
    const ran = (words: readonly string[]) => Bun.spawnSync([join(prefix, "bin/pm"), ...words]).stdout.toString();
    expect(ran(["--version"])).toBe(`${version}\n`);
    expect(readFileSync(join(prefix, "share/zsh/site-functions/_pm"), "utf8")).toBe(ran(["completions", "zsh"]));
    expect(readFileSync(join(prefix, "share/doc/pm/THIRD-PARTY-NOTICES"), "utf8")).toContain("valibot 1.5.0 (MIT)");
  });
});

test.each<[string, readonly string[], Readonly<Record<string, string | undefined>>, string]>([
  ["a target that does not exist", ["--targets", "moon"], {}, 'there is no target "moon"; choose of linux-x64'],
  ["a flag that does not exist", ["--moon"], {}, "Unknown option '--moon'"],
  ["no time at all", [], { SOURCE_DATE_EPOCH: "yesterday" }, "the time of the commit is not known"],
])("a release with %s is refused in one line, before anything is built", (_, words, environment, says) => {
  const { exitCode, stdout, stderr } = release(root, [...words, "--out", join(folder.path, "never")], environment);
  expect([exitCode, stdout, stderr.trim().split("\n").length]).toEqual([1, "", 1]);
  expect(stderr).toStartWith(`release: ${says}`);
  expect(existsSync(join(folder.path, "never"))).toBe(false);
});

const sumOf = (bytes: Uint8Array) => `sha512-${new Bun.CryptoHasher("sha512").update(bytes).digest("base64")}`;

/** The text of the Bun that is fetched by an npm of our own: a script that finds the package in $PACKAGE. Or the problem. */
function fetched(integrity: (packed: Uint8Array) => string, npm: string): string {
  using place = temporaryFolder();
  const at = (path: string) => join(place.path, path);
  for (const path of ["package/bin", "work"]) mkdirSync(at(path), { recursive: true });
  writeFileSync(at("package/bin/bun"), "the program");
  Bun.spawnSync(["tar", "-czf", "bun.tgz", "package"], { cwd: place.path });
  writeFileSync(at("npm"), `#!/bin/sh\nPACKAGE=${at("bun.tgz")}\n${npm}\n`, { mode: 0o755 });
  const pinned = integrity(readFileSync(at("bun.tgz")));
  const locked = { ...lock.project, name: "@oven/bun-moon", version: "1.0.0", integrity: pinned };
  const runtime = fetchRuntime(locked, "bun-moon", at("work"), at("npm"));
  return typeof runtime === "string" ? runtime : readFileSync(runtime.path, "utf8");
}

describe.skipIf(missing("tar") !== null)("the Bun for another machine", () => {
  const copies = 'cp "$PACKAGE" . && echo bun.tgz';

  test("is taken when it is what the lock file pins", () => {
    expect(fetched(sumOf, copies)).toBe("the program");
  });

  test("is refused when it is anything else", () => {
    expect(fetched(() => sumOf(new Uint8Array([1])), copies)).toStartWith(
      "@oven/bun-moon@1.0.0 is not what package-lock.json pins: it has sha512-",
    );
  });

  test("is told to be missing in npm's own words, on one line", () => {
    expect(fetched(sumOf, "echo code E404 >&2; echo no such package >&2; exit 1")).toBe(
      "npm pack @oven/bun-moon@1.0.0 failed: code E404; no such package",
    );
  });
});

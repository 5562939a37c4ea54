import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { describe, expect, test } from "bun:test";
import { cLibraryOf, type CLibrary } from "../../scripts/release/c-library.ts";
import { readLock } from "../../scripts/release/lock-file.ts";
import { sbomOf } from "../../scripts/release/sbom.ts";
import { chooseTargets, targets } from "../../scripts/release/targets.ts";

const root = join(import.meta.dir, "..", "..");
const lock = readLock(readFileSync(join(root, "package-lock.json"), "utf8"));

/** What package.json files say that pm needs, found without the lock file; as name@version. */
function installed(folder: string, found = new Set<string>()): ReadonlySet<string> {
  const schema = v.object({ dependencies: v.optional(v.record(v.string(), v.string()), {}) });
  const { dependencies } = v.parse(schema, JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")));
  for (const name of Object.keys(dependencies)) {
    const inside = join("node_modules", name);
    const { version } = v.parse(
      v.object({ version: v.string() }),
      JSON.parse(readFileSync(join(root, inside, "package.json"), "utf8")),
    );
    found.add(`${name}@${version}`);
    installed(inside, found);
  }
  return found;
}

describe("the lock file", () => {
  test("names all that pm needs at run time, and nothing else", () => {
    const named = lock.runtime.map(({ name, version }) => `${name}@${version}`);
    expect(named.toSorted()).toEqual([...installed("")].toSorted());
    expect(named).toContain("yaml@2.9.1");
  });

  test("pins the Bun of every target", () => {
    const found = targets.map(({ runtime }) => lock.find(`node_modules/${runtime}`));
    expect(found.map((each) => each?.version)).toEqual(targets.map(() => Bun.version));
    expect(found.filter((each) => !each?.integrity.startsWith("sha512-"))).toEqual([]);
  });

  test("is followed as Node would: the nearest node_modules first; what nobody needs is left out", () => {
    const packages = {
      "": { name: "x", version: "1.0.0", license: "MIT", dependencies: { a: "*", b: "*" } },
      "node_modules/a": { version: "1.0.0", dependencies: { b: "*", c: "*" } },
      "node_modules/a/node_modules/b": { version: "2.0.0", dependencies: { c: "*" } },
      "node_modules/b": { version: "1.0.0", dependencies: { a: "*" } },
      "node_modules/c": { version: "1.0.0" },
      "node_modules/peer": { version: "1.0.0" },
    };
    const { runtime } = readLock(JSON.stringify({ packages }));
    expect(runtime.map(({ name, folder, version, needs }) => [name, folder, version, needs])).toEqual([
      ["a", "node_modules/a", "1.0.0", ["node_modules/a/node_modules/b", "node_modules/c"]],
      ["b", "node_modules/a/node_modules/b", "2.0.0", ["node_modules/c"]],
      ["b", "node_modules/b", "1.0.0", ["node_modules/a"]],
      ["c", "node_modules/c", "1.0.0", []],
    ]);
  });
});

test.each([
  ["all targets are chosen without a name", [], targets.map(({ name }) => name)],
  ["targets keep their order", ["darwin-x64", "linux-x64"], ["linux-x64", "darwin-x64"]],
] as const)("%s", (_, names, chosen) => {
  const found = chooseTargets(names);
  expect(typeof found === "string" ? found : found.map(({ name }) => name)).toEqual([...chosen]);
});

test("a target that does not exist is told with those that do", () => {
  expect(chooseTargets(["linux-x64", "linux-arm"])).toStartWith(
    'there is no target "linux-arm"; choose of linux-x64, linux-x64-musl,',
  );
});

const libc = (text: string): CLibrary | null =>
  cLibraryOf([{ name: "libc.so.6", bytes: new TextEncoder().encode(`\0${text}\0`) }]);

test.each([
  [
    "GNU C Library (Debian GLIBC 2.36-9+deb12u14) stable release version 2.36.\nCopyright",
    "2.36",
    { distribution: "debian", version: "2.36-9+deb12u14" },
  ],
  [
    "GNU C Library (Ubuntu GLIBC 2.39-0ubuntu8.4) stable release version 2.39.\nCopyright",
    "2.39",
    { distribution: "ubuntu", version: "2.39-0ubuntu8.4" },
  ],
  ["GNU C Library (GNU libc) stable release version 2.42.", "2.42", null],
])("%s: the version is read from the file", (text, version, build) => {
  expect(libc(text)).toMatchObject({ version, build });
});

test("a file that is not of glibc has no version of glibc", () => {
  expect([libc("musl libc"), cLibraryOf([])]).toEqual([null, null]);
});

const hash = v.strictObject({
  alg: v.picklist(["SHA-256", "SHA-512"]),
  content: v.pipe(v.string(), v.regex(/^(?:[0-9a-f]{64}|[0-9a-f]{128})$/u)),
});
const licences = v.array(
  v.union([
    v.strictObject({ expression: v.string() }),
    v.strictObject({ license: v.union([v.strictObject({ id: v.string() }), v.strictObject({ name: v.string() })]) }),
  ]),
);
const inner = v.strictObject({
  type: v.picklist(["library", "file"]),
  "bom-ref": v.string(),
  name: v.string(),
  description: v.optional(v.string()),
  hashes: v.optional(v.array(hash)),
  licenses: v.optional(licences),
});
const component = v.strictObject({
  ...inner.entries,
  type: v.picklist(["library", "platform"]),
  group: v.optional(v.string()),
  version: v.string(),
  scope: v.literal("required"),
  licenses: licences,
  cpe: v.optional(v.string()),
  purl: v.pipe(v.string(), v.regex(/^pkg:(?:npm|deb\/debian)\/\S+@\S+$/u)),
  components: v.optional(v.array(inner)),
});
/** What CycloneDX 1.6 asks for, as far as it is used here: names that are not in it would be refused. */
const bom = v.strictObject({
  $schema: v.literal("http://cyclonedx.org/schema/bom-1.6.schema.json"),
  bomFormat: v.literal("CycloneDX"),
  specVersion: v.literal("1.6"),
  serialNumber: v.pipe(
    v.string(),
    v.regex(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u),
  ),
  version: v.literal(1),
  metadata: v.strictObject({
    timestamp: v.pipe(v.string(), v.isoTimestamp()),
    lifecycles: v.tuple([v.strictObject({ phase: v.literal("build") })]),
    component: v.strictObject({
      type: v.literal("application"),
      "bom-ref": v.string(),
      name: v.literal("pm"),
      version: v.string(),
      licenses: licences,
    }),
  }),
  components: v.array(component),
  dependencies: v.array(v.strictObject({ ref: v.string(), dependsOn: v.array(v.string()) })),
});

describe("the bill of materials", () => {
  const cLibrary = libc("GNU C Library (Debian GLIBC 2.36-9+deb12u14) stable release version 2.36.");
  const runtimes = targets.flatMap(({ runtime }) => lock.find(`node_modules/${runtime}`) ?? []);
  const materials = { project: lock.project, packages: lock.runtime, runtimes, cLibrary, epochSeconds: 1_700_000_000 };
  const text = sbomOf(materials);
  const read = v.parse(bom, JSON.parse(text));
  const find = (purl: string) => read.components.find((each) => each.purl === purl);

  test("has every package that pm needs at run time, with version, licence and hash", () => {
    const told = lock.runtime.map(({ name, version }) => {
      const found = find(`pkg:npm/${name.replace("@", "%40")}@${version}`);
      const hashes = found?.hashes?.map(
        ({ alg, content }) => `${alg} ${Buffer.from(content, "hex").toString("base64")}`,
      );
      return [found?.version, found?.licenses, hashes];
    });
    expect(told).toEqual(
      lock.runtime.map(({ version, license, integrity }) => [
        version,
        [{ license: { id: license } }],
        [integrity.replace("sha512-", "SHA-512 ")],
      ]),
    );
  });

  test("has the Bun of every target, with JavaScriptCore inside", () => {
    const bun = read.components.filter(({ type }) => type === "platform");
    expect(bun.map(({ group, name, version }) => `${group}/${name}@${version}`)).toEqual(
      targets.map(({ runtime }) => `${runtime}@${Bun.version}`),
    );
    expect(bun.map(({ components }) => components?.map(({ name }) => name))).toEqual(bun.map(() => ["JavaScriptCore"]));
  });

  test("has the C library that is packed, by its version in the distribution, and its files", () => {
    expect(find("pkg:deb/debian/glibc@2.36-9%2Bdeb12u14?arch=source")).toMatchObject({
      version: "2.36-9+deb12u14",
      licenses: [{ license: { id: "LGPL-2.1-or-later" } }],
      components: [{ name: "libc.so.6", hashes: [{ alg: "SHA-256" }] }],
    });
    expect(sbomOf({ ...materials, cLibrary: null })).not.toContain("glibc");
  });

  test("says of each part what it needs, by references that exist once", () => {
    const refs = [
      read.metadata.component["bom-ref"],
      ...read.components.flatMap((each) => [each["bom-ref"], ...(each.components ?? []).map((one) => one["bom-ref"])]),
    ];
    expect(refs).toHaveLength(new Set(refs).size);
    expect(
      read.dependencies.flatMap(({ ref, dependsOn }) => [ref, ...dependsOn]).filter((ref) => !refs.includes(ref)),
    ).toEqual([]);
    expect(read.dependencies.map(({ ref }) => ref).toSorted()).toEqual(
      [read.metadata.component["bom-ref"], ...read.components.map((each) => each["bom-ref"])].toSorted(),
    );
    const own = read.dependencies.find(({ ref }) => ref === read.metadata.component["bom-ref"]);
    expect(own?.dependsOn).toContain("pkg:npm/yaml@2.9.1");
  });

  test("has a serial number that is made of what it says", () => {
    const later = v.parse(bom, JSON.parse(sbomOf({ ...materials, epochSeconds: 1_700_000_001 })));
    expect(sbomOf(materials)).toBe(text);
    expect(later.serialNumber).not.toBe(read.serialNumber);
  });
});

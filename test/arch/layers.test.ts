import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** Lower layers first. A file may import from its own layer and from those before it; `src/README.md` says what each is for. */
const layers = [
  "core",
  "protocol",
  "config",
  "import",
  "system",
  "queues",
  "output",
  "runtime",
  "clients",
  "dashboard",
  "deploy",
  "surface",
  "demo",
  "top",
  "cli",
];
const pure = new Set(["core", "protocol"]);

const impure =
  /\b(?:Bun|process|performance|console|crypto)\.|\b(?:Date\.now|Math\.random|setTimeout|setInterval|setImmediate|queueMicrotask|fetch)\(|\bnew Date\(\)|\bawait\b/u;

const root = join(import.meta.dir, "..", "..");
const files = [...new Bun.Glob("src/**/*.ts").scanSync(root)].filter((file) => !file.endsWith(".d.ts"));
const layerOf = (file: string): string => file.split("/")[1] ?? "";
const rank = (file: string): number => (layerOf(file).endsWith(".ts") ? layers.length : layers.indexOf(layerOf(file)));

/** All that a file imports, types too (which leave no trace in the program, but would turn the layers round all the same). */
function importsOf(source: string): string[] {
  return [...source.matchAll(/(?:\bfrom|\bimport\(?)\s*"([^"]+)"/gu)].map(([, path]) => path ?? "");
}

test.each(files)("%s imports downwards only", (file) => {
  expect(rank(file)).toBeGreaterThanOrEqual(0); // -1: it lies in no known layer
  const targets = importsOf(readFileSync(join(root, file), "utf8"))
    .filter((path) => path.startsWith("."))
    .map((path) => normalize(join(dirname(file), path)))
    .filter((path) => path.startsWith("src/"));
  expect(targets.filter((target) => rank(target) > rank(file))).toEqual([]);
});

test.each(files.filter((file) => pure.has(layerOf(file))))("%s is pure", (file) => {
  const source = readFileSync(join(root, file), "utf8");
  // valibot is as pure as we are: values in, values out.
  expect(importsOf(source).filter((path) => !path.startsWith(".") && path !== "valibot")).toEqual([]);
  // Comments and types are gone from what is searched.
  expect(new Bun.Transpiler({ loader: "ts" }).transformSync(source)).not.toMatch(impure);
});

test("the map names every folder of src, and every folder it names exists", () => {
  const map = readFileSync(join(root, "src", "README.md"), "utf8");
  const [, table = ""] = /## Where things are\n([\s\S]*?)\n## /u.exec(map) ?? [];
  const named = [...table.matchAll(/^\| `([\w/-]+)\/` \|/gmu)].map(([, folder]) => folder ?? "").toSorted();
  const folders = readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(root, "src").length + 1));
  expect(named).toEqual(folders.toSorted());
});

test("what the map calls a file exists", () => {
  const map = readFileSync(join(root, "src", "README.md"), "utf8");
  const named = [...map.matchAll(/`((?:[\w-]+\/)+[\w-]+\.(?:ts|mjs|php|py))`/gu)].map(([, file]) => file ?? "");
  expect(named.length).toBeGreaterThan(10);
  const missing = named.filter((file) => !files.includes(`src/${file}`) && !files.includes(file));
  expect(missing).toEqual([]);
});

import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scripts } from "../package.json";
import { commands } from "../src/cli/commands.ts";
import { jsonSchema } from "../src/config/json-schema.ts";
import { parseWorkerFrame } from "../src/protocol/worker-frames.ts";
import { PmProcess, pmBinary } from "./support/pm-process.ts";

const root = join(import.meta.dir, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");

/** The fenced blocks of a language, in order. */
function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, "gmu"))].map(
    ([, text]) => text ?? "",
  );
}

/** The first cells of the table rows that match. */
function rows(pattern: RegExp): string[] {
  return [...readme.matchAll(pattern)].map(([, cell]) => cell ?? "");
}

const folder = mkdtempSync(join(tmpdir(), "pm-readme-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a line of the README in a folder of its own, `pm` being the compiled binary. */
function run(line: string): { exitCode: number; output: string } {
  const command = line.replace(/\s+#.*$/u, "");
  const env = { ...process.env, PATH: `${join(pmBinary, "..")}:${process.env["PATH"]}` };
  const { exitCode, stdout, stderr } = Bun.spawnSync(["sh", "-c", command], { cwd: folder, env });
  return { exitCode, output: stdout.toString() + stderr.toString() };
}

describe("the README", () => {
  test("its pm.yaml files are valid, without a warning", () => {
    const files = blocks("yaml").map((yaml, index) => {
      const file = join(folder, `shown-${index}.yaml`);
      writeFileSync(file, yaml);
      return file;
    });
    const ok = /^\S+: ok \(\d+ consumers?, \d+ workers?\)\n$/u;
    expect(files.length).toBeGreaterThan(1);
    expect(files.map((file) => run(`pm check ${file}`))).toEqual(
      files.map(() => ({ exitCode: 0, output: expect.stringMatching(ok) })),
    );
  });

  const lines = blocks("sh").flatMap((block) => block.split("\n").filter((line) => line !== ""));
  test.each(lines.filter((line) => line.startsWith("npm ")))("%s names a script of package.json", (line) => {
    const [, first = "", second = ""] = /^npm (\w+) ?(\w*)/u.exec(line) ?? [];
    expect(Object.keys(scripts)).toContain(first === "run" ? second : first);
  });

  // In order: `pm init` writes what the others read.
  test("its pm commands do what it says", async () => {
    const shown = lines.filter((line) => line.startsWith("pm "));
    expect(shown.length).toBeGreaterThan(4);
    for (const line of shown.filter((each) => !each.startsWith("pm serve"))) {
      expect({ line, exitCode: run(line).exitCode }).toEqual({ line, exitCode: 0 });
    }
    const starter = readFileSync(join(folder, "pm.yaml"), "utf8");
    await using pm = new PmProcess(`http_server: { port: 0 }\n${starter}`);
    await pm.stdout.find((line) => line === "[worker 2 hello] hello from worker 2");
    expect(await pm.stop()).toBe(0);
  });

  test("its frames are frames", () => {
    const frames = blocks("json").flatMap((block) => block.trim().split("\n"));
    expect(frames.map((line) => parseWorkerFrame(line)).filter((frame) => typeof frame === "string")).toEqual([]);
    expect(frames).toHaveLength(8);
  });

  test("lists all commands and no others", () => {
    expect(rows(/^\| `pm (\w+)[^`]*` \|/gmu)).toEqual(commands.map(({ name }) => name));
  });

  test("lists all keys of pm.yaml with their defaults and meanings, and no others", () => {
    const shown = [...readme.matchAll(/^\| `([\w.]+)` \| (?:`(.+)`|) \| (.*) \|$/gmu)]
      .filter(([, key]) => key !== undefined && (key.includes(".") || keyRows().some(([each]) => each === key)))
      .map(([, key, value, about]) => [key, value ?? "", about]);
    expect(shown).toEqual(keyRows());
  });

  test("lists all metrics and no others", async () => {
    await using pm = new PmProcess("http_server: { port: 0 }\nconsumers: { a: { command: [cat] } }\n");
    const page = await (await pm.get("/metrics")).text();
    const served = [...page.matchAll(/^# TYPE (\S+) /gmu)].map(([, name]) => name ?? "");
    const [, table = ""] = /\| metric \| labels \|\n([\s\S]*?)\n\n/u.exec(readme) ?? [];
    expect([...table.matchAll(/^\| `(\w+)` \|/gmu)].map(([, name]) => name)).toEqual(served.toSorted());
  });
});

type Schema = Readonly<Record<string, unknown>>;

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Key, default and meaning of every key that holds a value, as the schema has them. */
function keyRows(): string[][] {
  const { definitions } = jsonSchema();
  const farm = isSchema(definitions) ? definitions["farm"] : null;
  return isSchema(farm) ? keysOf(farm, "") : [];
}

function keysOf(schema: Schema, path: string): string[][] {
  const properties = isSchema(schema["properties"]) ? schema["properties"] : {};
  return Object.entries(properties).flatMap(([name, value]) => {
    if (!isSchema(value) || isSchema(value["not"])) return [];
    const forms = [value, ...(Array.isArray(value["anyOf"]) ? value["anyOf"] : [])].filter(isSchema);
    const inner = forms.flatMap((form) => {
      const ofAnyName = isSchema(form["additionalProperties"]) ? form["additionalProperties"] : {};
      return keysOf(form, `${path}${name}.`).concat(keysOf(ofAnyName, `${path}${name}.X.`));
    });
    if (inner.length > 0) return inner;
    const about = String(value["description"]).replaceAll("|", String.raw`\|`);
    return [[`${path}${name}`, shownDefault(value["default"]), about]];
  });
}

function shownDefault(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value).replaceAll(",", ", ");
}

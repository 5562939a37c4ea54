import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { formatIssue } from "../../src/config/issue.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { formatOf, importFile } from "../../src/import/import-file.ts";
import { allLosses, formatLoss } from "../../src/import/imported.ts";
import { writePmYaml } from "../../src/import/write-pm-yaml.ts";
import { sampleFolder, samples } from "./samples.ts";

const readText = (path: string): string | null => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Some samples name files that are not there.
    return null;
  }
};

/** Accounts of the samples, whatever this machine has. */
const accounts: Readonly<Record<string, string>> = {
  "/etc/passwd": "nobody:x:65534:65534::/:/bin/false\n",
  "/etc/group": "root:x:0:\n",
};

function importSample(file: string) {
  const path = join(sampleFolder, file);
  const text = readFileSync(path, "utf8");
  const format = formatOf(file, text);
  if (format === null) throw new Error(`${file} is of no known kind`);
  const imported = importFile(format, {
    file,
    text,
    here: dirname(path),
    cwd: sampleFolder,
    processors: 4,
    read: readText,
    find: (pattern) =>
      [
        ...new Bun.Glob(pattern.slice(sampleFolder.length + 1)).scanSync({ cwd: sampleFolder, absolute: true }),
      ].toSorted(),
    formation: new Map(),
  });
  return { imported, yaml: writePmYaml(imported, file) };
}

describe.each(samples)("$file", ({ file, env, consumers }) => {
  const { imported, yaml } = importSample(file);
  const result = parseConfig({
    text: yaml,
    file: join(sampleFolder, "pm.yaml"),
    env,
    cwd: sampleFolder,
    read: (path) => accounts[path] ?? readText(path),
  });

  test("makes a pm.yaml without an error or a warning", () => {
    const issues = result.ok ? result.warnings : result.issues;
    expect(issues.map(formatIssue)).toEqual([]);
  });

  test("runs what ran there", () => {
    const specs = result.ok ? result.spec.consumers : [];
    const shown = specs.map(({ name, size, command }) => [
      name,
      [size.kind === "static" ? size.processes : size.min, ...command],
    ]);
    expect(Object.fromEntries(shown)).toEqual(consumers);
  });

  test("tells each loss in one line with its place, and as a comment", () => {
    for (const loss of allLosses(imported)) {
      expect(formatLoss(loss)).toMatch(/^[^\s:]+:\d+: [^\n]+: [^\n]+[,;:] [^\n]+$/u);
      expect(yaml).toContain(`${loss.key}: ${loss.text}`);
      expect(readText(join(sampleFolder, loss.file))?.split("\n").length).toBeGreaterThanOrEqual(loss.line);
    }
  });
});

test("every sample is in the table", () => {
  const files = readdirSync(sampleFolder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(sampleFolder.length + 1));
  const others = ["supervisor/conf.d/mail.conf", "hardened.service.d/override.conf"];
  expect(files.toSorted()).toEqual([...samples.map(({ file }) => file), ...others].toSorted());
  expect(samples.length).toBeGreaterThanOrEqual(15);
});

import { readFileSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname, resolve } from "node:path";
import { nearest } from "../../config/suggest.ts";
import { formatNames, formatOf, importFile, isFormatName } from "../../import/import-file.ts";
import { allLosses, formatLoss, type Imported, type Origin } from "../../import/imported.ts";
import { writePmYaml } from "../../import/write-pm-yaml.ts";
import { exitCodes, outcome, type Outcome } from "../outcome.ts";

export interface ImportArgs {
  /** `-` is stdin. */
  readonly file: string;
  readonly format: string | null;
  /** `web=2,worker=3`. */
  readonly formation: string | null;
  readonly cwd?: string;
}

/** `pm import`: a pm.yaml on stdout, what has no equal in it line by line on stderr. */
export function runImport({ file, format, formation, cwd = process.cwd() }: ImportArgs): Promise<Outcome> {
  return Promise.resolve(importFrom(file, format, formation, cwd));
}

function importFrom(file: string, wanted: string | null, formation: string | null, cwd: string): Outcome {
  const workers = readFormation(formation ?? "");
  if (workers === null) return usage(`--formation ${JSON.stringify(formation)} is not of the form web=2,worker=3`);
  if (wanted !== null && !isFormatName(wanted)) {
    const near = nearest(wanted, formatNames);
    const advice = near === null ? `use one of ${formatNames.join(", ")}` : `did you mean ${near}?`;
    return usage(`unknown format ${JSON.stringify(wanted)}; ${advice}`);
  }
  if (file === "-" && wanted === null)
    return usage(`stdin has no name to go by; add --format ${formatNames.join("|")}`);
  const text = readText(file === "-" ? 0 : resolve(cwd, file));
  const shown = file === "-" ? "stdin" : file;
  if (typeof text !== "string") return failure(`${shown} ${text.problem}`);
  const format = wanted ?? formatOf(file, text);
  if (format === null) return failure(`${shown} ${whyUnknown(text)}`);
  const origin: Origin = {
    file: shown,
    text,
    here: file === "-" ? cwd : dirname(resolve(cwd, file)),
    cwd,
    processors: availableParallelism(),
    read: textOrNull,
    find,
    formation: workers,
  };
  return told(importFile(format, origin), shown, format);
}

function told(imported: Imported, file: string, format: string): Outcome {
  const losses = allLosses(imported).map(formatLoss);
  if (imported.consumers.length === 0) {
    const more = losses.length > shownOfNothing ? [`pm: … and ${losses.length - shownOfNothing} more such lines`] : [];
    const nothing = `pm: ${file} holds nothing to run (read as ${format})`;
    return outcome(exitCodes.failed, [], [...losses.slice(0, shownOfNothing), ...more, nothing]);
  }
  const count = losses.length === 1 ? "1 thing has" : `${losses.length} things have`;
  const summary = `pm: ${count} no equal in pm; each stands as a comment in the pm.yaml, too`;
  const stderr = losses.length === 0 ? "" : `${[...losses, summary].join("\n")}\n`;
  return { exitCode: exitCodes.done, stdout: writePmYaml(imported, file), stderr };
}

/** A file of another kind than was said can be one long list of losses. */
const shownOfNothing = 10;

const whyUnknown = (text: string): string =>
  /^consumers\s*:/mu.test(text)
    ? "is a pm.yaml already; run `pm check` on it"
    : `is no kind of file that pm import knows; add --format ${formatNames.join("|")} if it is one of these`;

const usage = (text: string): Outcome => outcome(exitCodes.usage, [], [`pm: ${text}`]);
const failure = (text: string): Outcome => outcome(exitCodes.failed, [], [`pm: ${text}`]);

function readFormation(text: string): ReadonlyMap<string, number> | null {
  const workers = new Map<string, number>();
  for (const word of text.split(",").filter((each) => each !== "")) {
    const [, name, count] = /^([\w-]+)[=:](\d{1,6})$/u.exec(word.trim()) ?? [];
    if (name === undefined) return null;
    workers.set(name, Number(count));
  }
  return workers;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "is not there; correct the path",
  ENOTDIR: "is not there; correct the path",
  EISDIR: "is a directory; name the file in it",
  EACCES: "may not be read by this user; change its permissions",
};

function readText(source: string | 0): string | { readonly problem: string } {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(source));
  } catch (error) {
    if (error instanceof TypeError) return { problem: "is not UTF-8 text; save it as UTF-8" };
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown reason";
    return { problem: reasons[code] ?? `cannot be read (${code})` };
  }
}

function textOrNull(path: string): string | null {
  const text = readText(path);
  return typeof text === "string" ? text : null;
}

/** Files that a pattern matches; what cannot be listed matches nothing. */
function find(pattern: string): readonly string[] {
  const magic = pattern.search(/[*?[]/u);
  const root = magic === -1 ? dirname(pattern) : dirname(`${pattern.slice(0, magic)}x`);
  const rest = magic === -1 ? basename(pattern) : pattern.slice(root === "/" ? 1 : root.length + 1);
  try {
    return [...new Bun.Glob(rest).scanSync({ cwd: root, absolute: true, dot: false })]
      .filter((path) => statSync(path).isFile())
      .toSorted();
  } catch {
    // The folder is not there, or may not be read: whoever asked says that nothing matched.
    return [];
  }
}

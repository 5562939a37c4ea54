import { formatIssue } from "../config/issue.ts";
import { readEntries } from "../config/entries.ts";
import { loadConfig } from "../config/load.ts";
import type { FarmFile, LoadFarmFile } from "../runtime/definitions.ts";
import { configFile, noConfigFile } from "./config-file.ts";
import { exitCodes, outcome, type Outcome } from "./outcome.ts";

/** The farm of a file that can run and the way to read it anew, or what to tell the user. */
export type LoadedFarm =
  | { readonly ok: true; readonly file: FarmFile; readonly reload: LoadFarmFile }
  | { readonly ok: false; readonly outcome: Outcome };

/** Reads the file a user named, or the usual one. */
export function loadFarm(named: string | null): LoadedFarm {
  const cwd = process.cwd();
  const file = configFile(named, cwd);
  if (file === null) return { ok: false, outcome: outcome(exitCodes.configInvalid, [], [noConfigFile]) };
  const load: LoadFarmFile = () => {
    const files = new Set<string>();
    const loaded = loadConfig(file, { cwd, onRead: (path) => isAccountFile(path) || files.add(path) });
    if (!loaded.ok) return { ok: false, problems: loaded.issues.map(formatIssue) };
    const { spec, warnings, entrySurroundings } = loaded;
    return {
      ok: true,
      file: {
        spec,
        files: [spec.file, ...files],
        warnings: warnings.map(formatIssue),
        readEntries: (document) => readEntries(document, entrySurroundings),
      },
    };
  };
  const first = load();
  if (first.ok) return { ok: true, file: first.file, reload: load };
  const problems = [...first.problems, `${file}: nothing was started; correct this and try again`];
  return { ok: false, outcome: outcome(exitCodes.configInvalid, [], problems) };
}

/** The lists of users and groups are read for every consumer with a user; that they change means nothing for a farm that runs. */
function isAccountFile(path: string): boolean {
  return path === "/etc/passwd" || path === "/etc/group";
}

import { dirname, isAbsolute, join } from "node:path";
import { maskText } from "../config/mask.ts";
import type { Draft } from "./draft.ts";
import type { Origin, Place } from "./imported.ts";
import { readIni, type IniSection } from "./ini.ts";
import { needsShell } from "./marks.ts";
import { importProgram } from "./supervisord-program.ts";
import { expand, readPairs } from "./supervisord-text.ts";

/** Imports a supervisord.conf, with the files it includes, or a file of its conf.d. */
export function importSupervisord(draft: Draft, origin: Origin): void {
  const sections = readAll(draft, origin);
  const env = farmEnvironment(draft, origin, sections);
  for (const section of sections) {
    const [kind = "", name] = section.name.split(/:(.*)/u);
    if (kind === "program") importProgram(draft, origin, section, { here: folderOf(section, origin) }, env);
    else if (kind === "supervisord") for (const entry of section.entries.values()) loseFarmKey(draft, entry);
    else if (kind !== "include") loseSection(draft, section, sectionTexts[kind] ?? unknownSection(name));
  }
}

/** `[include]` is done by the first file only. */
function readAll(draft: Draft, origin: Origin): IniSection[] {
  const main = readIni(origin.text, origin.file);
  const files = [main];
  const include = main.sections.find(({ name }) => name === "include")?.entries.get("files");
  for (const word of include?.value.split(/\s+/u) ?? []) {
    const { text: pattern } = expand(word, { names: { here: origin.here }, firstProcess: null });
    const found = needsShell(pattern) ? [] : origin.find(isAbsolute(pattern) ? pattern : join(origin.here, pattern));
    if (include !== undefined && found.length === 0)
      draft.lose(include, "files", `${pattern} matches no file here; import what it matched over there by itself`);
    for (const path of found) {
      const text = origin.read(path);
      if (text !== null) files.push(readIni(text, shownPath(path, origin)));
      else if (include !== undefined) draft.lose(include, "files", `${path} cannot be read; import it by itself`);
    }
  }
  for (const { key, ...at } of files.flatMap(({ strays }) => strays))
    draft.lose(
      at,
      maskText(JSON.stringify(key), new Set()),
      "is neither a section nor key = value; correct the line and import again",
    );
  return files.flatMap(({ sections }) => sections);
}

function shownPath(path: string, { here, file }: Origin): string {
  return path.startsWith(`${here}/`) ? join(dirname(file), path.slice(here.length + 1)) : path;
}

/** `%(here)s` is the folder of the file it stands in. */
function folderOf({ file }: Place, origin: Origin): string {
  if (isAbsolute(file)) return dirname(file);
  return join(origin.here, dirname(file).slice(dirname(origin.file).length));
}

function farmEnvironment(draft: Draft, origin: Origin, sections: readonly IniSection[]): Record<string, string> {
  const entry = sections.find(({ name }) => name === "supervisord")?.entries.get("environment");
  if (entry === undefined) return {};
  const pairs = readPairs(entry.value);
  if (pairs === null) draft.lose(entry, entry.key, 'is not of the form KEY="value",KEY2="value"; write env by hand');
  const expressions = { names: { here: origin.here }, firstProcess: null };
  const env: Record<string, string> = {};
  for (const [name, value] of pairs ?? []) {
    const { text, unknown } = expand(value, expressions);
    if (unknown.length > 0 || needsShell(text))
      draft.lose(entry, `${entry.key} ${name}`, "holds an expression that env cannot; write the value into env");
    else env[name] = text;
  }
  return env;
}

function loseFarmKey(draft: Draft, entry: Place & { readonly key: string }): void {
  // It is in the env of every consumer.
  if (entry.key !== "environment")
    draft.loseOnce(
      entry,
      entry.key,
      farmKeys[entry.key] ?? "is no key that supervisord documents; look whether anything needs it",
    );
}

const ownLog = "was about supervisord's own log; pm logs to its stderr";
const limits =
  "asked for room to run in; pm takes the limits it is started with, so set them there (ulimit, LimitNOFILE=)";
const farmKeys: Readonly<Record<string, string>> = {
  logfile: ownLog,
  logfile_maxbytes: ownLog,
  logfile_backups: ownLog,
  loglevel: ownLog,
  silent: ownLog,
  strip_ansi: "took colours out of logs; pm leaves lines as they are",
  childlogdir: ownLog,
  nocleanup: ownLog,
  pidfile: "held the pid of supervisord; pm stays in the foreground, so whoever started it knows its pid",
  nodaemon: "chose the foreground; pm always runs there",
  umask: "set the umask of all; write umask for each consumer, or start pm with it",
  minfds: limits,
  minprocs: limits,
  user: "was the account of supervisord and all programs; start pm as this user",
  directory: "was the folder supervisord ran in; start pm there, or set cwd",
  identifier: "named this supervisord; nothing in pm needs it",
};

const http =
  "served supervisorctl and a web page; pm has http_server (health and metrics, on 127.0.0.1:9100) and its own control socket";
const sectionTexts: Readonly<Record<string, string>> = {
  unix_http_server: http,
  inet_http_server: http,
  supervisorctl: "configured supervisorctl; the commands of pm need nothing of it",
  rpcinterface: "was the way in for supervisorctl; pm needs none",
  ctlplugin: "was a plugin of supervisorctl; pm has no plugins",
  group:
    "made a group of programs; pm has consumers only, so they keep their names and are started and stopped by them",
  eventlistener:
    "was a program that reads supervisord's events; pm speaks another language, so look at /metrics and pm's log instead",
  "fcgi-program":
    "shared a FastCGI socket that supervisord opened; pm opens none for its workers, so let the program listen by itself",
};

const unknownSection = (name: string | undefined): string =>
  `is no section that supervisord documents${name === undefined ? "" : ", nor a program"}; look whether anything needs it`;

function loseSection(draft: Draft, section: IniSection, text: string): void {
  const keys = [...section.entries.keys()].join(", ");
  draft.lose(section, `[${section.name}]${keys === "" ? "" : ` (${keys})`}`, text);
}

/** Whether a text is a configuration of supervisord. */
export function looksLikeSupervisord(text: string): boolean {
  return /^[ \t]*\[(?:program:|supervisord\]|group:|eventlistener:|fcgi-program:|include\])/mu.test(text);
}

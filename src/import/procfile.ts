import { dirname, join } from "node:path";
import { maskText } from "../config/mask.ts";
import type { Draft } from "./draft.ts";
import type { Origin, Place } from "./imported.ts";
import { relativePath } from "./paths.ts";
import { commandOfLine } from "./shell-line.ts";

const processLine = /^([A-Za-z0-9_-]+):\s*(\S.*)$/u;

/** Imports a Procfile: each `name: command` becomes a consumer. */
export function importProcfile(draft: Draft, origin: Origin): void {
  const dotenv = join(origin.here, ".env");
  const envFile = origin.read(dotenv) === null ? null : relativePath(dotenv, origin);
  const left = new Set(origin.formation.keys());
  for (const [index, raw] of origin.text.split(/\r?\n/u).entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const at = { file: origin.file, line: index + 1 };
    const [, name, command] = processLine.exec(line) ?? [];
    if (name === undefined || command === undefined)
      draft.lose(
        at,
        maskText(JSON.stringify(line), new Set()),
        "is not of the form name: command; correct the line and import again",
      );
    else if (name === "release")
      draft.lose(
        at,
        name,
        "ran once for each release; pm runs workers only, so run it where you deploy, before pm starts",
      );
    else {
      left.delete(name);
      importProcess(draft, origin, at, name, command, envFile);
    }
  }
  for (const name of left)
    draft.lose(
      { file: origin.file, line: 1 },
      `--formation ${name}`,
      "names no process of this Procfile; correct the name",
    );
}

function importProcess(
  draft: Draft,
  { formation, file }: Origin,
  at: Place,
  name: string,
  command: string,
  envFile: string | null,
): void {
  const consumer = draft.add(name, `${name} of ${dirname(file) === "." ? file : `the Procfile ${file}`}`, at);
  const { words, env, shellStays } = commandOfLine(command);
  consumer.set("command", words);
  consumer.addEnv(env);
  if (envFile !== null) consumer.set("env_file", envFile, "as foreman and heroku local read it");
  const workers = formation.get(name);
  if (workers === 0)
    consumer.lose(
      at,
      name,
      "had a formation of 0; pm has at least one worker of each consumer, so remove it here if that is not wanted",
    );
  else if (workers !== undefined) consumer.set("processes", workers);
  if (shellStays)
    consumer.lose(
      at,
      name,
      "runs more than one program, so the stop signal reaches the shell alone; split it up, or put a trap into a script",
    );
  if (/\$\{?PORT\b/u.test(command))
    consumer.lose(at, name, "got a PORT of its own from foreman or the platform; pm gives none, so set PORT in env");
  else if (name === "web")
    consumer.lose(
      at,
      name,
      "got traffic and a PORT from the platform; pm keeps it running and no more, so let a proxy send it traffic",
    );
}

/** Whether every line of a text is one of a Procfile. */
export function looksLikeProcfile(text: string): boolean {
  const lines = text.split(/\r?\n/u).filter((line) => line.trim() !== "" && !line.trimStart().startsWith("#"));
  return lines.length > 0 && lines.every((line) => processLine.test(line));
}

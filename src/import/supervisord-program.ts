import { formatDuration } from "../config/duration.ts";
import { splitWords } from "../config/words.ts";
import type { ConsumerDraft, Draft } from "./draft.ts";
import type { Origin } from "./imported.ts";
import type { IniEntry, IniSection } from "./ini.ts";
import { argvOf, needsShell, onlyVariable } from "./marks.ts";
import { relativePath } from "./paths.ts";
import { takeStopSignal } from "./stop-signal.ts";
import { expand, readPairs, type Expressions } from "./supervisord-text.ts";

/** A `[program:x]` on its way. */
interface Program {
  readonly draft: Draft;
  readonly consumer: ConsumerDraft;
  readonly origin: Origin;
  readonly expressions: Expressions;
  /** The words of the command, and the variables that differ from worker to worker. */
  readonly words: string[];
  readonly ownVariables: string[];
}

type Rule = (entry: IniEntry, program: Program) => void;

/** Turns a `[program:x]` into a consumer. `names` are the expressions that hold in its file. */
export function importProgram(
  draft: Draft,
  origin: Origin,
  section: IniSection,
  names: Expressions["names"],
  env: Readonly<Record<string, string>>,
): void {
  const name = section.name.slice("program:".length).trim();
  const consumer = draft.add(name, `[${section.name}] in ${section.file}`, section);
  const processes = section.entries.get("numprocs")?.value ?? "1";
  const first = Number(section.entries.get("numprocs_start")?.value ?? "0");
  const own = { ...names, program_name: name, group_name: name, numprocs: processes, process_num: first };
  const expressions = { names: own, firstProcess: processes === "1" ? null : first };
  const program: Program = { draft, consumer, origin, expressions, words: [], ownVariables: [] };
  // supervisord restarts after unexpected exits only, and gives up after three failed starts, unless told otherwise.
  consumer.set("restart", "on-failure");
  consumer.set("on_failure_limit", "park");
  consumer.addEnv(env);
  for (const entry of section.entries.values()) (rules[entry.key] ?? unknownKey)(entry, program);
  const { words, ownVariables } = program;
  if (words.length > 0)
    consumer.set("command", argvOf(ownVariables.length > 0 ? ["env", ...ownVariables, ...words] : words));
  if ([...words, ...ownVariables].some(needsShell)) consumer.remarks.set("command", "a shell fills in what differs");
  if (!section.entries.has("command")) consumer.lose(section, "command", "is missing; add command: here");
}

const unknownKey: Rule = (entry, { consumer }) =>
  consumer.lose(entry, entry.key, "is no key that supervisord documents; look whether anything needs it");

const without =
  (text: string): Rule =>
  (entry, { consumer }) =>
    consumer.lose(entry, entry.key, text);

const output: Rule = (entry, { draft }) =>
  draft.loseOnce(
    entry,
    entry.key,
    "said where the output goes; pm writes all of it, labelled, to its own stdout and stderr, so let the platform or a collector keep it",
  );

/** Numbers and words that pm takes; what supervisord itself would refuse is lost with a line. */
const number =
  (use: (value: number, program: Program) => void): Rule =>
  (entry, program) => {
    const value = Number(textOf(entry, program));
    if (Number.isFinite(value) && value >= 0 && entry.value !== "") use(value, program);
    else program.consumer.lose(entry, entry.key, "holds no number; set the key by hand");
  };

const seconds = (key: string): Rule => number((value, { consumer }) => consumer.set(key, formatDuration(value * 1000)));

const switchedOn =
  (text: string): Rule =>
  (entry, { consumer }) => {
    if (isTrue(entry.value)) consumer.lose(entry, entry.key, text);
  };

const isTrue = (value: string): boolean => /^(true|yes|on|1)$/iu.test(value);

/** Every key of a program that supervisord documents. */
const rules: Readonly<Record<string, Rule>> = {
  command,
  environment,
  process_name: (entry, { consumer }) =>
    consumer.lose(
      entry,
      entry.key,
      "named the processes; pm names them by consumer and a number of its own, and the worker finds its place among them (from 0) in PM_WORKER_SLOT",
    ),
  numprocs: (entry, program) => {
    const text = textOf(entry, program);
    if (onlyVariable(text) !== null) program.consumer.set("processes", text);
    else number((value, { consumer }) => consumer.set("processes", Math.max(1, Math.floor(value))))(entry, program);
  },
  numprocs_start: (entry, { consumer, expressions }) => {
    if (expressions.firstProcess !== 0)
      consumer.lose(
        entry,
        entry.key,
        "was the first process_num; PM_WORKER_SLOT begins at 0, so add it where it matters",
      );
  },
  priority: without("was the order of start and stop; pm starts and stops all consumers at the same time"),
  autostart: (entry, { consumer }) => {
    if (!isTrue(entry.value))
      consumer.lose(
        entry,
        entry.key,
        "false waited for a start by hand; pm starts every consumer, so remove it here if that is not wanted",
      );
  },
  startsecs: seconds("min_uptime"),
  startretries: (entry, program) =>
    number((value, { consumer }) => {
      consumer.set("failure_limit", Math.max(1, Math.floor(value)));
      if (value < 1) consumer.lose(entry, entry.key, "0 allowed no second try; failure_limit is at least 1");
    })(entry, program),
  autorestart: (entry, { consumer }) => {
    const restart =
      entry.value.toLowerCase() === "unexpected" ? "on-failure" : isTrue(entry.value) ? "always" : "never";
    consumer.set("restart", restart);
  },
  exitcodes: (entry, { consumer }) => {
    const codes = entry.value.split(",").map(Number);
    consumer.addExitCodes("success", codes);
    if (!codes.includes(0))
      consumer.lose(entry, entry.key, "left 0 out, so a clean exit was a failure; pm always takes 0 for success");
  },
  stopsignal: (entry, { consumer }) => takeStopSignal(entry, consumer),
  stopwaitsecs: seconds("stop_timeout"),
  stopasgroup: switchedOn(
    "signalled the whole process group; pm signals the worker alone and, once it has ended, kills what is left of its group, so write exec in shell wrappers",
  ),
  // pm always does this.
  killasgroup: () => undefined,
  user: (entry, program) => {
    const user = textOf(entry, program);
    if (needsShell(user)) program.consumer.lose(entry, entry.key, "differs from worker to worker; write a user");
    else program.consumer.set("user", user);
  },
  directory: (entry, program) => {
    const path = textOf(entry, program);
    if (path.startsWith("~") || needsShell(path))
      program.consumer.lose(
        entry,
        entry.key,
        "differs by user, host or worker, which cwd cannot; write the path into cwd",
      );
    else program.consumer.set("cwd", relativePath(path, program.origin));
  },
  umask: (entry, { consumer }) => {
    if (/^[0-7]{1,4}$/u.test(entry.value)) consumer.set("umask", entry.value);
    else consumer.lose(entry, entry.key, "is no octal number; set the key by hand");
  },
  serverurl: without("told the worker where supervisord listens; nothing in pm needs it"),
  redirect_stderr: output,
  ...Object.fromEntries(
    ["stdout", "stderr"].flatMap((stream) =>
      ["logfile", "logfile_maxbytes", "logfile_backups", "capture_maxbytes", "syslog", "events_enabled"].map((key) => [
        `${stream}_${key}`,
        output,
      ]),
    ),
  ),
};

function command(entry: IniEntry, program: Program): void {
  // supervisord runs no shell: what would need one is a plain word to it.
  const split = splitWords(entry.value, "keep");
  if (!split.ok || split.words.length === 0) {
    program.consumer.lose(entry, entry.key, `${split.ok ? "is empty" : split.problem}; write command by hand`);
    return;
  }
  for (const word of split.words) {
    const text = filled(word, entry, program);
    program.words.push(text);
    const name = onlyVariable(text);
    if (name !== null)
      program.consumer.lose(entry, entry.key, `what ${name} holds was split at blanks; here it is one word`);
  }
  if (split.words.some((word) => /^(?:&&|\|\|?|;|\d?>{1,2}(?:&\d)?|<)$/u.test(word)))
    program.consumer.lose(
      entry,
      entry.key,
      "holds shell signs, which supervisord passes to the program as plain words; so does this command",
    );
}

/** Variables that differ from worker to worker are set by `env` in the command. */
function environment(entry: IniEntry, program: Program): void {
  const pairs = readPairs(entry.value);
  if (pairs === null) {
    program.consumer.lose(entry, entry.key, 'is not of the form KEY="value",KEY2="value"; write env by hand');
    return;
  }
  for (const [name, value] of pairs) {
    const text = filled(value, entry, program);
    if (needsShell(text)) program.ownVariables.push(`${name}=${text}`);
    else program.consumer.addEnv({ [name]: text });
  }
}

const textOf = (entry: IniEntry, program: Program): string => filled(entry.value, entry, program);

function filled(text: string, entry: IniEntry, { consumer, expressions }: Program): string {
  const { text: expanded, unknown } = expand(text, expressions);
  for (const name of unknown)
    consumer.lose(entry, entry.key, `${name} is no expression that pm import knows; write what it stands for`);
  return expanded;
}

/** `pm __exec` where pm is not packed: main.ts starts it in place of a command. See `exec-words.ts`. */
import { writeFileSync, writeSync } from "node:fs";
import { constants } from "node:os";
import * as calls from "./exec-calls.ts";
import { readExecWords, type ExecSetting } from "./exec-words.ts";
import { errnoName } from "./libc.ts";

/** Sets this process up as the words say and becomes the program. Gives an exit code when it could not, which a line on stderr explains. */
export function runExec(words: readonly string[]): number {
  const request = readExecWords(words);
  if (typeof request === "string") return fail(126, request);
  for (const { letter, value } of request.settings) {
    // pm may have died before its death was asked for; then no signal ever comes.
    if (letter === "P" && calls.parentPid() !== Number(value)) return 0;
    const { what, apply } = actions[letter]!; // readExecWords lets no other letters through
    const failed = apply(value);
    if (failed !== 0) return fail(126, `${what}${value}: ${errnoName(failed)}`);
  }
  const failed = calls.become(request.program, request.argv);
  return fail(failed === constants.errno.ENOENT ? 127 : 126, `${request.program}: ${errnoName(failed)}`);
}

function fail(exitCode: number, text: string): number {
  writeSync(2, `pm: __exec: ${text}\n`);
  return exitCode;
}

const number =
  (call: (value: number) => number): Action["apply"] =>
  (value) =>
    call(Number(value));

interface Action {
  /** For the line that says it failed; the value follows. */
  readonly what: string;
  /** Gives 0 or an errno. */
  readonly apply: (value: ExecSetting["value"]) => number;
}

const actions: Readonly<Record<string, Action>> = {
  c: { what: "cgroup ", apply: (path) => write(path, "0") },
  r: {
    what: "resource limit ",
    apply(value) {
      const [resource = "", soft = "", hard = ""] = value.split(":");
      return calls.setLimit(Number(resource), BigInt(soft), BigInt(hard));
    },
  },
  o: { what: "oom_score_adj ", apply: (value) => write("/proc/self/oom_score_adj", value) },
  p: { what: "nice ", apply: number(calls.setNice) },
  u: {
    what: "umask ",
    apply(value) {
      process.umask(Number.parseInt(value, 8));
      return 0;
    },
  },
  G: {
    what: "groups ",
    apply: (value) => calls.setGroups(value === "" ? [] : value.split(",").map(Number)),
  },
  g: { what: "group ", apply: number(calls.setGroup) },
  U: { what: "user ", apply: number(calls.setUser) },
  N: { what: "no new privileges", apply: calls.setNoNewPrivileges },
  d: { what: "parent-death signal ", apply: number(calls.setParentDeathSignal) },
  P: { what: "parent ", apply: () => 0 },
};

function write(path: string, text: string): number {
  try {
    writeFileSync(path, text, { flag: "r+" });
    return 0;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    return Object.entries(constants.errno).find(([name]) => name === code)?.[1] ?? constants.errno.EIO;
  }
}

import type { Findings } from "./findings.ts";
import type { Path } from "./issue.ts";

/** The numeric identity of a consumer's processes; null keeps pm's own. */
export interface Identity {
  readonly uid: number | null;
  readonly gid: number | null;
  /** Supplementary groups as they are named; null where none are. */
  readonly groups: readonly number[] | null;
  /** Those that list the user, when it is given by name. */
  readonly userGroups: readonly number[];
}

/** Accounts as the file names them: names or numeric ids. */
export interface NamedAccounts {
  readonly user: string | null;
  readonly group: string | null;
  readonly groups: readonly string[] | null;
}

/** Reads a text file, or null when there is none. */
export type ReadText = (path: string) => string | null;

/**
 * Looks accounts up in /etc/passwd and /etc/group. A group that is absent is that of the user; a numeric user who is not in the file keeps
 * pm's group.
 */
export function findIdentity(
  { user, group, groups }: NamedAccounts,
  read: ReadText,
  path: Path,
  findings: Findings,
): Identity {
  const account = user === null ? null : lookUp(user, "user", "/etc/passwd", read, [...path, "user"], findings);
  const gid =
    group === null
      ? (account?.group ?? null)
      : lookUp(group, "group", "/etc/group", read, [...path, "group"], findings).id;
  const more = groups?.map(
    (each, index) => lookUp(each, "group", "/etc/group", read, [...path, "groups", index], findings).id,
  );
  return {
    uid: account?.id ?? null,
    gid,
    groups: more?.filter((id) => id !== null) ?? null,
    userGroups: user === null ? [] : groupsWith(user, read("/etc/group") ?? ""),
  };
}

/** The groups that list a user by this name. */
function groupsWith(user: string, file: string): number[] {
  const entries = file.split("\n").map((line) => line.split(":"));
  return entries.filter(([, , , members = ""]) => members.split(",").includes(user)).map(([, , id]) => Number(id));
}

interface Account {
  readonly id: number | null;
  readonly group: number | null;
}

function lookUp(wanted: string, kind: string, file: string, read: ReadText, path: Path, findings: Findings): Account {
  const numeric = /^\d+$/u.test(wanted);
  const text = read(file);
  for (const line of text?.split("\n") ?? []) {
    const [name, , id, group] = line.split(":");
    // The fourth field of /etc/group is a list of members, no number.
    if ((numeric ? id : name) === wanted) return { id: Number(id), group: kind === "user" ? Number(group) : null };
  }
  if (numeric) return { id: Number(wanted), group: null };
  const shown = findings.show(path, JSON.stringify(wanted));
  const what =
    text === null
      ? `${file} cannot be read, so the ${kind} ${shown} is unknown`
      : `there is no ${kind} ${shown} in ${file}`;
  findings.error(path, `${what}; create it, or write a numeric id`);
  return { id: null, group: null };
}

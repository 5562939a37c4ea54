/** Something wrong (or doubtful) in pm.yaml or in a file it names. Lines and columns count from 1. */
export interface ConfigIssue {
  readonly severity: "error" | "warning";
  /** As the user wrote it. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Such as `consumers.async.transports[1]`; empty when it is about the whole file. */
  readonly path: string;
  /** One line: what is wrong, what to do. */
  readonly message: string;
}

/** Keys and list positions from the top of the file down. */
export type Path = readonly (string | number)[];

/** A path as people read it: `consumers.async.transports[1]`. */
export function formatPath(path: Path): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (/^[\w@%/+-]+$/u.test(part)) text += text === "" ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text;
}

/** `file:line:column: path: message`, on one line. */
export function formatIssue(issue: ConfigIssue): string {
  const where = `${issue.file}:${issue.line}:${issue.column}:`;
  const kind = issue.severity === "warning" ? " warning:" : "";
  const path = issue.path === "" ? "" : ` ${issue.path}:`;
  return `${where}${kind}${path} ${issue.message}`.replaceAll(/\s*[\r\n]+\s*/gu, " ");
}

/** By file, then by place; `file` itself comes before the files it names. */
export function sortIssues(issues: readonly ConfigIssue[], file: string): ConfigIssue[] {
  const rank = (issue: ConfigIssue): string => (issue.file === file ? "" : issue.file);
  return issues.toSorted(
    (a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0) || a.line - b.line || a.column - b.column,
  );
}

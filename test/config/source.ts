import { formatIssue } from "../../src/config/issue.ts";
import { parseConfig, type ConfigResult, type ConfigSource } from "../../src/config/parse.ts";

/** Files that exist beside pm.yaml in these tests, unless a test says otherwise. */
const files: Readonly<Record<string, string>> = {
  "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:34:www:/var/www:/usr/sbin/nologin\n",
  "/etc/group": "root:x:0:\nwww-data:x:34:root\nadm:x:4:syslog\n",
};

/** What a pm.yaml in /srv/app means, seen from /home/me. */
export function parse(
  text: string,
  given: Partial<ConfigSource> & { files?: Readonly<Record<string, string>> } = {},
): ConfigResult {
  const known = { ...files, ...given.files };
  return parseConfig({
    text,
    file: "/srv/app/pm.yaml",
    env: {},
    cwd: "/home/me",
    read: (path) => known[path] ?? null,
    ...given,
  });
}

/** Every issue as `line:column: path: message`, warnings of a good file too. */
export function issuesOf(result: ConfigResult): string[] {
  const issues = result.ok ? result.warnings : result.issues;
  return issues.map((issue) => formatIssue(issue).replace(`${issue.file}:`, ""));
}

import { formatIssue } from "../../src/config/issue.ts";
import { parseConfig } from "../../src/config/parse.ts";
import type { FarmSpec } from "../../src/core/farm/spec.ts";

const read = (path: string): string | null => (path === "/etc/passwd" ? "app:x:1000:1000::/:/bin/sh\n" : null);

/** The farm of a pm.yaml with this text, at `file`. */
export function farmOf(text: string, file = "/srv/app/pm.yaml"): FarmSpec {
  const result = parseConfig({ text, file, env: {}, cwd: "/srv/app", read });
  if (!result.ok) throw new Error(result.issues.map(formatIssue).join("\n"));
  return result.spec;
}

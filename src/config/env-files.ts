import { dirname, isAbsolute, join } from "node:path";
import type { ReadText } from "./accounts.ts";
import { parseDotenv } from "./dotenv.ts";
import type { Findings } from "./findings.ts";
import { formatPath, type Path } from "./issue.ts";

/**
 * The variables of several env files, later files winning. `directory` is that of pm.yaml; what is wrong inside an env
 * file is told with that file's own name and line.
 */
export function readEnvFiles(
  names: readonly string[],
  directory: string,
  read: ReadText,
  path: Path,
  findings: Findings,
): Map<string, string> {
  const variables = new Map<string, string>();
  names.forEach((name, index) => {
    // A single name stands where the list would.
    const place = findings.given([...path, index]) ? [...path, index] : path;
    const text = read(isAbsolute(name) ? name : join(directory, name));
    if (text === null) {
      findings.error(
        place,
        `the env file ${findings.show(place, JSON.stringify(name))} cannot be read; create it, or correct the path (relative to the folder of pm.yaml)`,
      );
      return;
    }
    const { values, problems } = parseDotenv(text);
    for (const { line, message } of problems) {
      const file = findings.hidden(place) || isAbsolute(name) ? name : join(dirname(findings.file), name);
      findings.foreign(place, {
        severity: "error",
        file,
        line,
        column: 1,
        path: formatPath([...findings.root, ...place]),
        message,
      });
    }
    for (const [variable, value] of values) variables.set(variable, value);
  });
  return variables;
}

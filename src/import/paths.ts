import { relative } from "node:path";
import type { Origin } from "./imported.ts";

/** A folder at or below that of the file, as a path that still holds when both move; any other as it is. */
export function relativePath(path: string, { here, cwd }: Pick<Origin, "here" | "cwd">): string {
  if (path !== here && !path.startsWith(`${here}/`)) return path;
  const shown = relative(cwd, path);
  return shown.startsWith("..") ? path : shown === "" ? "." : shown;
}

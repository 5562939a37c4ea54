import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { ConsumerSpec } from "../core/farm/spec.ts";
import { SetupRefused } from "./exec-refusal.ts";

/** The error of a failed start in one line for people: where, what, what to do. */
export function explainSpawnError(
  error: unknown,
  spec: ConsumerSpec,
): { readonly code: string; readonly message: string } {
  if (error instanceof SetupRefused) return { code: error.code, message: error.message };
  const code = error instanceof Error && "code" in error ? String(error.code) : "UNKNOWN";
  const program = spec.command[0] ?? "";
  if (!isFolder(spec.cwd)) {
    return {
      code,
      message: `the working directory ${spec.cwd} does not exist or is no directory; create it or change cwd`,
    };
  }
  switch (code) {
    case "ENOENT":
      return program.includes("/") && existsSync(resolve(spec.cwd, program))
        ? { code, message: `the interpreter that ${program} names in its first line was not found; install it` }
        : { code, message: `the program ${program} was not found; install it or give its full path in command` };
    case "EACCES":
      return {
        code,
        message: `${program} may not be executed; make it executable (chmod +x) or name its interpreter in command`,
      };
    case "ENOEXEC":
      return {
        code,
        message: `${program} is no program; give it a first line such as #!/bin/sh, or name its interpreter in command`,
      };
    case "EMFILE":
    case "ENFILE":
      return { code, message: "no file descriptors are left; raise the limit (ulimit -n) or start fewer workers" };
    case "EAGAIN":
      return {
        code,
        message: "the system allows no more processes (ulimit -u, pids.max); raise the limit or start fewer workers",
      };
    case "EPERM":
      return { code, message: "pm may not switch to this user or group; run pm as root or drop user and group" };
    default:
      return {
        code,
        message: `${program} could not be started (${error instanceof Error ? error.message : String(error)})`,
      };
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

import type { ConsumerSpec } from "../core/farm/spec.ts";
import { execArgument } from "../system/exec-words.ts";
import { readPrivileges, takeGiven } from "../system/limits.ts";
import { NativeSpawner } from "../system/native-spawn.ts";
import { execPlan, switchesIdentity, type ExecSurroundings } from "./exec-plan.ts";
import { findProgram } from "./exec-program.ts";
import { refusal, SetupRefused, type Privileges } from "./exec-refusal.ts";

/** What Bun.spawn is to start for a worker. */
export interface Launch {
  readonly cmd: string[];
  readonly uid?: number;
  readonly gid?: number;
}

/** What `launchOf` knows of this pm. */
export interface Launcher extends ExecSurroundings {
  readonly privileges: Privileges;
  /** The words that start `pm __exec`. */
  readonly execCommand: readonly string[];
  /** Starts workers by the stub; null when there is none, or the kernel too old for it. */
  readonly native: NativeSpawner | null;
  /** The file by which a process joins the control group of a consumer; null when it has none. */
  cgroupProcs(spec: ConsumerSpec): string | null;
}

/**
 * How a worker of this consumer, with this PATH in its environment, is started: by itself, or through `pm __exec`. Throws what Bun.spawn
 * would throw when that cannot work.
 */
export function launchOf(spec: ConsumerSpec, path: string | undefined, launcher: Launcher): Launch {
  const settings = settingsOf(spec, launcher);
  if (settings === null) {
    return {
      cmd: [...spec.command],
      ...(spec.uid === null ? {} : { uid: spec.uid }),
      ...(spec.gid === null ? {} : { gid: spec.gid }),
    };
  }
  const program = findProgram(spec.command[0] ?? "", spec.cwd, path ?? "");
  return { cmd: [...launcher.execCommand, ...settings, "--", program, ...spec.command] };
}

/** The settings of `pm __exec` for a worker of this consumer, or null when it needs none. Throws when pm may not set it up so. */
export function settingsOf(spec: ConsumerSpec, launcher: Launcher): readonly string[] | null {
  const settings = execPlan(spec, launcher, launcher.cgroupProcs(spec));
  if (settings === null) return null;
  const { privileges } = launcher;
  if (switchesIdentity(spec, launcher) && !(privileges.mayChangeUsers && privileges.mayChangeGroups))
    throw Object.assign(new Error("EPERM: user or group"), { code: "EPERM" });
  const refused = refusal(spec, privileges);
  if (refused !== null) throw new SetupRefused(refused);
  return settings;
}

/** What this pm is. To be called once, when pm starts. */
export function createLauncher(cgroupProcs: Launcher["cgroupProcs"]): Launcher {
  const given = takeGiven();
  return {
    packed: given !== null,
    pmPid: process.pid,
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    openFiles: given?.openFiles ?? null,
    privileges: readPrivileges(),
    // The very file that is running, even if an upgrade has put another in its place.
    execCommand: Bun.isStandaloneExecutable
      ? ["/proc/self/exe", execArgument]
      : [process.execPath, Bun.main, execArgument],
    native: given === null ? null : NativeSpawner.open(given.calls),
    cgroupProcs,
  };
}

import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ReferencePrograms } from "./reference-programs.ts";

/** What a manager is asked to keep alive. */
export interface Task {
  /** A folder of its own, empty. */
  readonly folder: string;
  readonly command: readonly string[];
  readonly workers: number;
}

/** A process manager to measure: pm, a reference, or a peer. */
export interface Manager {
  readonly name: string;
  /** What a reader of the tables must know. */
  readonly note: string;
  /** Its program; null where it was not found. */
  readonly program: string | null;
  /** Restarts are held to one in so many milliseconds. */
  readonly throttleMs: number;
  /** What it does with the lines of its workers: nothing at all, copies their bytes, or knows each line. */
  readonly output: "inherited" | "copied" | "lines";
  /** Writes its files into the task's folder; the command that runs in the foreground. */
  prepare(task: Task): { readonly command: readonly string[]; readonly env?: Readonly<Record<string, string>> };
  readonly stopSignal: "SIGTERM" | "SIGHUP";
  /** What ends it beside the signal. */
  stopCommand?(task: Task): readonly string[];
}

export const subject = "pm";
export const reference = "C reference";
export const bareBun = "bare Bun";

const plain = { throttleMs: 0, stopSignal: "SIGTERM" } as const;

function find(name: string): string | null {
  return Bun.which(name, { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` });
}

/** The pm.yaml of a task, nothing throttled. JSON is YAML. */
function pmConfiguration({ folder, command, workers }: Task): string {
  const restarts = { min_uptime: 0, backoff_base: "1ms", backoff_max: "1ms", failure_limit: 1_000_000_000 };
  const consumer = workers > 0 ? { command, processes: workers, ...restarts } : { command: ["sleep", "1000000"] };
  const control = { socket: join(folder, "pm.sock") };
  return JSON.stringify({ http_server: { host: "127.0.0.1", port: 0 }, control, consumers: { w: consumer } });
}

/** One folder a service, its run file naming the worker, so that no shell is paid for. */
/** A line of `#!` may hold one argument only, so that a shell has to pass them on; a start takes that much longer. */
function serviceFolders({ folder, command, workers }: Task): string {
  const words = command.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`);
  const services = join(folder, "services");
  mkdirSync(services);
  for (let at = 0; at < workers; at++)
    write(join(services, String(at).padStart(5, "0"), "run"), `#!/bin/sh\nexec ${words.join(" ")}\n`, 0o755);
  utimesSync(services, 1e9, 1e9); // runsvdir sleeps a second over a folder that changed just now
  return services;
}

function write(path: string, text: string, mode = 0o644): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode });
  return path;
}

function supervisordConfiguration({ folder, command, workers }: Task): string {
  const log = "logfile_maxbytes=0";
  const program = `[program:w]
command=${command.join(" ")}
process_name=%(process_num)05d
numprocs=${workers}
autorestart=true
startsecs=0
startretries=1000000000
stdout_logfile=/dev/fd/1
stdout_${log}
stderr_logfile=/dev/null
stderr_${log}
`;
  return `[supervisord]
nodaemon=true
silent=true
logfile=/dev/null
${log}
pidfile=${join(folder, "pid")}
minfds=${4 * workers + 512}
${workers > 0 ? program : ""}`;
}

function pm2Configuration({ command, workers }: Task): string {
  const [script, ...args] = command;
  const app = {
    name: "w",
    script,
    args,
    interpreter: "none",
    exec_mode: "fork",
    instances: workers,
    max_restarts: 1_000_000_000,
    min_uptime: 0,
    vizion: false,
    pmx: false,
    kill_timeout: 20_000,
  };
  return JSON.stringify({ apps: workers > 0 ? [app] : [] });
}

/** All managers there are, those that were not found too. `pm` is the binary under test. */
export function allManagers(pm: string, programs: ReferencePrograms): readonly Manager[] {
  const [supervisord, runsvdir, s6, svscan] = ["supervisord", "runsvdir", "s6-svscan", "svscan"].map(find);
  const pm2 = process.env["PM2_RUNTIME"] ?? find("pm2-runtime");
  return [
    {
      ...plain,
      name: subject,
      note: "HTTP, control socket and metrics on, stdout and stderr captured; no throttle",
      program: pm,
      output: "lines",
      prepare: (task) => ({ command: [pm, "serve", write(join(task.folder, "pm.yaml"), pmConfiguration(task))] }),
    },
    {
      ...plain,
      name: reference,
      note: "reference/supervisor.c: the least that does pm's work on processes and lines; looks into no line",
      program: programs.supervisor,
      output: "lines",
      prepare: ({ workers, command }) => ({ command: [programs.supervisor, String(workers), ...command] }),
    },
    {
      ...plain,
      name: bareBun,
      note: "reference/bare-bun.ts, compiled: Bun.spawn and onExit, workers write to stdout themselves",
      program: programs.bareBun,
      output: "inherited",
      prepare: ({ workers, command }) => ({ command: [programs.bareBun, String(workers), ...command] }),
    },
    {
      ...plain,
      name: "supervisord",
      note: "startsecs=0, autorestart=true; copies bytes, knows no lines",
      program: supervisord ?? null,
      output: "copied",
      prepare: (task) => ({
        command: [
          "supervisord",
          "-n",
          "-c",
          write(join(task.folder, "supervisord.conf"), supervisordConfiguration(task)),
        ],
      }),
    },
    {
      ...plain,
      name: "runit",
      note: "one process for each service; waits a second after a run shorter than one",
      program: runsvdir ?? null,
      throttleMs: 1000,
      output: "inherited",
      prepare: (task) => ({ command: ["runsvdir", serviceFolders(task)] }),
      stopSignal: "SIGHUP",
    },
    {
      ...plain,
      name: "s6",
      note: "one process for each service; waits a second after every end",
      program: s6 ?? null,
      throttleMs: 1000,
      output: "inherited",
      prepare: (task) => ({ command: ["s6-svscan", "-c", String(2 * task.workers + 8), serviceFolders(task)] }),
    },
    {
      ...plain,
      name: "daemontools",
      note: "one process for each service; waits a second after a run shorter than one",
      program: svscan ?? null,
      throttleMs: 1000,
      output: "inherited",
      prepare: (task) => ({ command: ["svscan", serviceFolders(task)] }),
      stopCommand: ({ folder }) => ["sh", "-c", `svc -dx ${join(folder, "services")}/*`],
    },
    {
      ...plain,
      name: "PM2",
      note: "pm2-runtime --raw, fork mode, interpreter none; limits on restarts lifted",
      program: pm2,
      output: "lines",
      prepare: (task) => ({
        command: [
          pm2 ?? "",
          "start",
          write(join(task.folder, "ecosystem.config.json"), pm2Configuration(task)),
          "--raw",
        ],
        env: { PM2_HOME: join(task.folder, "home"), PM2_DISCRETE_MODE: "true", PM2_KILL_SIGNAL: "SIGTERM" },
      }),
    },
  ];
}

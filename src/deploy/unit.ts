import type { FarmSpec } from "../core/farm/spec.ts";
import { needsOf } from "./farm-needs.ts";

/** What a unit says beside the farm. */
export interface UnitPlace {
  /** Absolute path of pm. */
  readonly program: string;
  /** Absolute: where pm is started, to which relative places of workers refer. */
  readonly workingDirectory: string;
}

/** What systemd gives every service since version 240. */
const usualOpenFiles = 524_288;

/** A systemd service that runs the farm; works with systemd 240 and later. Ends with a newline. */
export function systemdUnit(spec: FarmSpec, { program, workingDirectory }: UnitPlace): string {
  const { graceSeconds, openFiles, mostWorkers, changingUser } = needsOf(spec);
  const pm = quoteWord(program);
  const file = quoteWord(spec.file);
  const workers = mostWorkers === null ? "as many workers as its source names" : `at most ${mostWorkers} workers`;
  const delegates = spec.consumers.some(({ cgroup }) => cgroup !== null);
  const reload =
    spec.control === null
      ? ["ExecReload=/bin/kill -HUP $MAINPID"]
      : ["# Comes back when the reload is done, and fails when it did.", `ExecReload=${pm} reload --file ${file}`];
  const lines = [
    "# Put this into /etc/systemd/system/, under a name such as workers.service; then",
    "#   systemctl daemon-reload && systemctl enable --now workers",
    "# Made by `pm unit` for the file as it is now: make it again when stop_timeout or the number of workers changes.",
    "",
    "[Unit]",
    `Description=${escapeSpecifiers(`Workers of ${spec.file}`)}`,
    "Wants=network-online.target",
    "After=network-online.target",
    "",
    "[Service]",
    "# pm tells when it is ready, reloads and stops, how its workers do, and that its main loop is alive.",
    "Type=notify",
    `ExecStart=${pm} serve ${file}`,
    ...reload,
    "# Relative places in the file are places below this.",
    `WorkingDirectory=${escapeSpecifiers(workingDirectory)}`,
    ...userLines(changingUser),
    "# Where the ${VARIABLES} of the file are filled in from:",
    "# EnvironmentFile=/etc/default/workers",
    "",
    "# pm stops its workers itself, in order; systemd kills what is left then.",
    "KillMode=mixed",
    "KillSignal=SIGTERM",
    ...stopLines(graceSeconds),
    "TimeoutStartSec=90",
    "WatchdogSec=30",
    "Restart=on-failure",
    "RestartSec=2",
    "# Wrong usage and an invalid file: another start would end the same way.",
    "RestartPreventExitStatus=2 78",
    "# A worker that is killed for want of memory is replaced by pm, and is no reason to stop the others.",
    "OOMPolicy=continue",
    "",
    `# Workers get the first number, pm the second: ${openFiles === null ? "it has four files or five a worker" : `it needs ${openFiles} for ${workers}`}.`,
    `LimitNOFILE=1024:${Math.max(usualOpenFiles, openFiles ?? 0)}`,
    ...(mostWorkers === null ? [] : [`# For ${workers} and what they start.`]),
    `TasksMax=${mostWorkers === null ? "infinity" : Math.max(4_096, mostWorkers * 64)}`,
    ...(delegates ? ["# For the cgroup limits of consumers.", "Delegate=yes"] : []),
    "",
    "# What workers hardly need. Not MemoryDenyWriteExecute=, which pm and many languages cannot do with.",
    "LockPersonality=yes",
    "ProtectClock=yes",
    ...(delegates ? [] : ["ProtectControlGroups=yes"]),
    "ProtectHostname=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
    "RestrictRealtime=yes",
    "# Where the workers do without sudo, /home, and writing outside of /var, /run and /tmp:",
    "# NoNewPrivileges=yes",
    "# ProtectHome=yes",
    "# ProtectSystem=full",
    "",
    "[Install]",
    "WantedBy=multi-user.target",
  ];
  return `${lines.join("\n")}\n`;
}

function userLines(changingUser: readonly string[]): readonly string[] {
  if (changingUser.length === 0) return ["# Better not as root:", "# User=www-data", "# Group=www-data"];
  const names = changingUser.map((name) => JSON.stringify(name)).join(", ");
  return [`# pm must be root: the file gives ${names} a user or group.`];
}

function stopLines(graceSeconds: number | null): readonly string[] {
  if (graceSeconds === null) return ["# A worker may take for ever to stop.", "TimeoutStopSec=infinity"];
  return [
    "# The longest stop_timeout and a little; pm is told so that it ends in time.",
    `TimeoutStopSec=${graceSeconds}`,
    `Environment=PM_STOP_GRACE=${graceSeconds}s`,
  ];
}

/** `%` begins a specifier in nearly every value. */
function escapeSpecifiers(text: string): string {
  return text.replaceAll("%", "%%");
}

/** A word of a command line. */
function quoteWord(text: string): string {
  const escaped = escapeSpecifiers(text).replaceAll("$", "$$$$");
  if (/^[\w%+,./:=@$-]+$/u.test(escaped)) return escaped;
  return `"${escaped.replaceAll("\\", "\\\\").replaceAll('"', String.raw`\"`)}"`;
}

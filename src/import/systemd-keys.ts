import { formatDuration } from "../config/duration.ts";
import { needsShell } from "./marks.ts";
import { relativePath } from "./paths.ts";
import { takeStopSignal } from "./stop-signal.ts";
import { environmentWords, execCommand } from "./systemd-exec.ts";
import { processRules } from "./systemd-process.ts";
import { plainText, time, without, type Rule, type Service } from "./systemd-service.ts";
import { fillSpecifiers, readExitCodes } from "./systemd-values.ts";
import type { UnitEntry } from "./unit-file.ts";

/** 0 and infinity both mean that systemd waits for ever. */
const stopTimeout = (ms: number, { consumer }: Service): void =>
  consumer.set("stop_timeout", Number.isFinite(ms) && ms > 0 ? formatDuration(ms) : 0);

const hook = (when: string): Rule =>
  without(
    `ran ${when}; pm runs the worker and nothing around it, so put it into a wrapper script, or where pm is started`,
  );

const output: Rule = (entry, { draft }) =>
  draft.loseOnce(
    entry,
    entry.key,
    "said where the output goes; pm writes all of it, labelled, to its own stdout and stderr, which the unit of pm hands to the journal",
  );

const restarts: Readonly<Record<string, string>> = { no: "never", always: "always", "on-failure": "on-failure" };

const restart: Rule = (entry, { consumer }) => {
  const known = restarts[entry.value];
  consumer.set("restart", known ?? (entry.value === "on-success" ? "always" : "on-failure"));
  if (known === undefined)
    consumer.lose(
      entry,
      entry.key,
      `${entry.value} is narrower than what pm has (always, on-failure, never); exit_codes can narrow it`,
    );
};

const exitCodes =
  (list: "success" | "never_restart"): Rule =>
  (entry, { consumer }) => {
    const { codes, others } = readExitCodes(entry.value);
    const known = consumer.keys.get("exit_codes");
    const before =
      typeof known === "object" && list in known ? Object.entries(known).find(([key]) => key === list)?.[1] : [];
    const numbers = Array.isArray(before) ? before.filter((code) => typeof code === "number") : [];
    consumer.addExitCodes(list, [...numbers, ...codes]);
    if (others.length > 0)
      consumer.lose(
        entry,
        entry.key,
        `named ${others.join(", ")}; exit_codes of pm takes numbers, and an end by a signal is always a failure`,
      );
  };

/** Every key of [Service] that means something to pm; all others are told by `systemd-losses.ts`. */
const serviceRules: Readonly<Record<string, Rule>> = {
  ExecStart: execCommand,
  ExecStartPre: hook("before the start"),
  ExecStartPost: hook("after the start"),
  ExecCondition: hook("to decide about the start"),
  ExecReload: without("told the worker to read its configuration again; restart the workers instead"),
  ExecReloadPost: hook("after a reload"),
  ExecStop: without(
    "asked the worker to stop; pm sends stop_signal, so handle that, and write a wrapper with a trap when a command is needed",
  ),
  ExecStopPost: hook("after the stop"),
  Environment: (entry, service) => {
    for (const [name, value] of environmentWords(entry.value)) {
      const { text, unknown } = fillSpecifiers(value, service.unit);
      if (unknown.length > 0)
        service.consumer.lose(
          entry,
          `${entry.key} ${name}`,
          `${unknown.join(", ")} depends on the machine or the user; write the value into env`,
        );
      else if (needsShell(text)) service.ownVariables.push(`${name}=${text}`);
      else service.consumer.addEnv({ [name]: text });
    }
  },
  EnvironmentFile: (entry, service) => {
    const path = plainText({ ...entry, value: entry.value.replace(/^-/u, "") }, service);
    if (path === null) return;
    const optional = entry.value.startsWith("-");
    if (optional && service.origin.read(path) === null) {
      service.consumer.lose(
        entry,
        entry.key,
        `${path} was read if it was there, and it is not; pm must find every env_file, so it is left out`,
      );
      return;
    }
    if (optional)
      service.consumer.lose(entry, entry.key, `${path} might be missing there; pm must find every env_file`);
    const files = service.consumer.keys.get("env_file");
    service.consumer.set("env_file", [...(Array.isArray(files) ? files : []), path]);
  },
  PassEnvironment: without("let single variables in; pm passes on all of the environment it was started with"),
  UnsetEnvironment: without("took variables away; start pm without them"),
  WorkingDirectory: (entry, service) => {
    const path = plainText({ ...entry, value: entry.value.replace(/^-/u, "") }, service);
    if (path === null) return;
    if (path.startsWith("~"))
      service.consumer.lose(entry, entry.key, "~ is the home of the user; write its path into cwd");
    else service.consumer.set("cwd", relativePath(path, service.origin));
  },
  User: (entry, service) => {
    const user = plainText(entry, service);
    if (user !== null) service.consumer.set("user", user);
  },
  Group: (entry, service) => {
    const group = plainText(entry, service);
    if (group !== null) service.consumer.set("group", group);
  },
  DynamicUser: without("made up a user; create one and write it into user"),
  Type: (entry, { consumer }) => {
    if (/^(simple|exec)$/u.test(entry.value)) return;
    const texts: Readonly<Record<string, string>> = {
      forking: "forking went into the background, where pm cannot keep it; start the program in the foreground",
      oneshot:
        "oneshot ran to its end once; pm is for what keeps running, and with restart: never it does not start it again",
    };
    const notify = `${entry.value} told systemd when it was ready; send {"type":"ready"} by the worker protocol and write ready: protocol, or ready: {log: regex}`;
    consumer.lose(entry, entry.key, texts[entry.value] ?? notify);
  },
  Restart: restart,
  RestartSec: time((ms, { consumer }) => {
    if (Number.isFinite(ms) && ms > 0) consumer.set("backoff_base", formatDuration(ms));
  }),
  RestartMaxDelaySec: time((ms, { consumer }) => {
    if (Number.isFinite(ms) && ms > 0) consumer.set("backoff_max", formatDuration(ms));
  }),
  RestartSteps: without("was the number of steps up to RestartMaxDelaySec; pm doubles the delay until it is there"),
  RestartMode: without("said how dependent units take a restart; pm has none"),
  SuccessExitStatus: exitCodes("success"),
  RestartPreventExitStatus: exitCodes("never_restart"),
  RestartForceExitStatus: without(
    "restarted after these ends whatever Restart= says; with pm, restart: always restarts after every end",
  ),
  StartLimitInterval: startLimitInterval(),
  StartLimitBurst: startLimitBurst(),
  TimeoutStopSec: time(stopTimeout),
  TimeoutSec: time((ms, service, entry) => {
    stopTimeout(ms, service);
    service.consumer.lose(entry, entry.key, "limited the start as well; pm does not, so look at /readyz");
  }),
  TimeoutStartSec: without("limited the start; pm does not, so look at /readyz"),
  TimeoutAbortSec: without(
    "was the time after a watchdog's signal; pm stops a hung worker like any other, with stop_timeout",
  ),
  RuntimeMaxSec: time((ms, { consumer }) => {
    if (Number.isFinite(ms) && ms > 0) consumer.set("max_lifetime", formatDuration(ms));
  }),
  RuntimeRandomizedExtraSec: without("spread the longest run; pm spreads max_lifetime by up to a tenth by itself"),
  WatchdogSec: without(
    "killed a service that had stopped to say it is alive; use liveness: ping_timeout for workers that speak pm's protocol, or no_progress",
  ),
  WatchdogSignal: without("was the watchdog's signal; pm stops a hung worker with stop_signal"),
  NotifyAccess: without("said who may speak to systemd; PM_IPC_FD belongs to the worker alone"),
  KillSignal: (entry, { consumer }) => takeStopSignal(entry, consumer),
  RestartKillSignal: without("was the stop signal of restarts; pm always sends stop_signal"),
  FinalKillSignal: without("was the last signal; with pm it is KILL"),
  SendSIGKILL: without(
    "could spare workers that do not stop; pm kills them after stop_timeout, and with stop_timeout: 0 never",
  ),
  SendSIGHUP: without("sent a HUP with the stop signal; pm sends stop_signal alone"),
  KillMode: (entry, { consumer }) => {
    // pm's own way: the signal to the worker, KILL to what is left.
    if (entry.value !== "mixed")
      consumer.lose(
        entry,
        entry.key,
        `${entry.value} chose whom the stop signals reach; pm signals the worker, and kills what is left of its process group when it has ended`,
      );
  },
  ...processRules,
  MemoryHigh: without("slowed the service down above this; max_memory replaces a worker at an idle moment instead"),
  PIDFile: without("held the pid; pm keeps its workers in the foreground and needs none"),
  RemainAfterExit: without("counted the service as running after its end; pm has nothing like it"),
  SyslogIdentifier: output,
  StandardInput: without("gave the service an input; workers of pm read end of file"),
  StandardOutput: output,
  StandardError: output,
  TTYPath: output,
  LogLevelMax: output,
  SyslogLevel: output,
  SyslogFacility: output,
};

function startLimitInterval(): Rule {
  return time((ms, { consumer }) => {
    if (ms === 0) consumer.set("on_failure_limit", "retry", "StartLimitInterval 0 was no limit");
    else if (Number.isFinite(ms)) consumer.set("failure_window", formatDuration(ms));
  });
}

/** systemd refuses the start after so many; the failure of the last one opens the limit. */
function startLimitBurst(): Rule {
  return (entry, { consumer }) => {
    const burst = Number(entry.value);
    if (!Number.isSafeInteger(burst)) consumer.lose(entry, entry.key, "is no number; set failure_limit by hand");
    else if (burst > 0) {
      consumer.set("failure_limit", Math.max(1, burst - 1));
      if (!consumer.keys.has("on_failure_limit")) consumer.set("on_failure_limit", "park");
    }
  };
}

/** The rules of [Unit] that mean something to pm. */
const unitRules: Readonly<Record<string, Rule>> = {
  StartLimitIntervalSec: startLimitInterval(),
  StartLimitInterval: startLimitInterval(),
  StartLimitBurst: startLimitBurst(),
};

/** The rule of a key, by its section, or null. */
export function ruleOf({ section, key }: UnitEntry): Rule | null {
  return (section === "Service" ? serviceRules[key] : section === "Unit" ? unitRules[key] : undefined) ?? null;
}

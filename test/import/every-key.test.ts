import { describe, expect, test } from "bun:test";
import type { FormatName } from "../../src/import/import-file.ts";
import { consumerKeys } from "../../src/config/consumer-keys.ts";
import { farmKeys } from "../../src/config/farm-keys.ts";
import { lossesOf, yamlOf } from "./import-text.ts";

/*
 * No key is dropped in silence: with each documented key alone, either the pm.yaml is another one, or a line tells of the key.
 * The values are such that they ask for something.
 */

/** What pm does by itself, so that there is nothing to write and nothing to tell. */
const granted = new Set(["killasgroup", "disable_source_map_support"]);

function expectKept(format: FormatName, key: string, without: string, withKey: string): void {
  const losses = lossesOf(format, withKey).filter((line) => !lossesOf(format, without).includes(line));
  const told = losses.some((line) => line.includes(key));
  const written = yamlOf(format, withKey) !== yamlOf(format, without);
  expect({ key, kept: told || written || granted.has(key) }).toEqual({ key, kept: true });
  expect(losses.filter((line) => !/^[\w.]+:\d+: [^\n]+: [^\n]+$/u.test(line))).toEqual([]);
}

const words = (text: string): string[] => text.split(/\s+/u).filter((word) => word !== "");

describe("supervisord", () => {
  const values: Readonly<Record<string, string>> = {
    numprocs: "3",
    numprocs_start: "5",
    autostart: "false",
    startsecs: "7",
    startretries: "9",
    autorestart: "true",
    exitcodes: "0,4",
    stopsignal: "QUIT",
    stopwaitsecs: "11",
    environment: 'A="b"',
    directory: "/tmp",
    user: "www-data",
    umask: "077",
  };
  test.each(
    words(`process_name numprocs numprocs_start priority autostart startsecs startretries autorestart exitcodes stopsignal
      stopwaitsecs stopasgroup killasgroup user redirect_stderr stdout_logfile stdout_logfile_maxbytes stdout_logfile_backups
      stdout_capture_maxbytes stdout_events_enabled stdout_syslog stderr_logfile stderr_logfile_maxbytes stderr_logfile_backups
      stderr_capture_maxbytes stderr_events_enabled stderr_syslog environment directory umask serverurl no_such_key`),
  )("[program:x] %s", (key) => {
    const without = "[program:x]\ncommand=cat\n";
    expectKept("supervisord", key, without, `${without}${key}=${values[key] ?? "true"}\n`);
  });

  test.each(
    words(`logfile logfile_maxbytes logfile_backups loglevel pidfile umask nodaemon silent minfds minprocs nocleanup childlogdir user
      directory strip_ansi environment identifier no_such_key`),
  )("[supervisord] %s", (key) => {
    const without = "[program:x]\ncommand=cat\n[supervisord]\n";
    expectKept("supervisord", key, without, `${without}${key}=${values[key] ?? "true"}\n`);
  });

  test.each([
    ...words("file chmod chown username password").map((key) => ["unix_http_server", key]),
    ...words("port username password").map((key) => ["inet_http_server", key]),
    ...words("serverurl username password prompt history_file").map((key) => ["supervisorctl", key]),
    ...words("files").map((key) => ["include", key]),
    ...words("programs priority").map((key) => ["group:g", key]),
    ...words("socket socket_backlog socket_owner socket_mode command").map((key) => ["fcgi-program:f", key]),
    ...words("buffer_size events result_handler command").map((key) => ["eventlistener:e", key]),
    ["rpcinterface:supervisor", "supervisor.rpcinterface_factory"],
    ["ctlplugin:x", "supervisor.ctl_factory"],
    ["nothing_known", "key"],
  ])("[%s] %s", (section, key) => {
    const without = "[program:x]\ncommand=cat\n";
    expectKept("supervisord", key, without, `${without}[${section}]\n${key}=1\n`);
  });
});

const app = (more: string): string => `module.exports = { apps: [{ script: "app.js"${more} }] }`;

describe("PM2", () => {
  const values: Readonly<Record<string, string>> = {
    autorestart: "false",
    exec_mode: '"cluster"',
    env: '{ A: "b" }',
    env_production: '{ A: "c" }',
    treekill: "false",
    name: '"other"',
    args: '"a b"',
    interpreter_args: '"--inspect"',
    node_args: '["--inspect"]',
    interpreterArgs: '"--inspect"',
    interpreter: '"deno"',
    exec_interpreter: '"deno"',
    cwd: '"/tmp"',
    max_memory_restart: '"200M"',
    instances: "3",
    uid: '"www-data"',
    user: '"www-data"',
    gid: "33",
    min_uptime: '"5s"',
    stop_exit_codes: "[3]",
    max_restarts: "4",
    port: "3000",
  };
  test.each(
    words(`name name_prefix filter_env namespace install_url cwd args exec_interpreter interpreter node_args interpreterArgs
      interpreter_args out_file out output out_log error_file error err err_file err_log log_file log disable_logs log_type
      log_date_format time env env_production pid_file pid restart_delay exp_backoff_restart_delay source_map_support
      disable_source_map_support wait_ready instances kill_timeout shutdown_with_message listen_timeout cron_restart cron merge_logs
      combine_logs vizion autorestart watch_delay watch ignore_watch watch_options min_uptime max_restarts max_memory_restart
      execute_command exec_mode force append_env_to_name post_update trace disable_trace v8 event_loop_inspector deep_monitoring
      increment_var instance_var pmx automation treekill port username uid user gid windowsHide kill_retry_time write io
      stop_exit_codes no_such_key`),
  )("%s", (key) => {
    expectKept("pm2", key, app(""), app(`, ${key}: ${values[key] ?? "2000"}`));
  });

  test("deploy, and what else stands beside apps", () => {
    const apps = 'apps: [{ script: "a.js" }]';
    for (const key of ["deploy", "plugins"])
      expectKept("pm2", key, `module.exports = { ${apps} }`, `module.exports = { ${apps}, ${key}: { a: 1 } }`);
  });
});

describe("systemd", () => {
  const values: Readonly<Record<string, string>> = {
    Type: "notify",
    Restart: "always",
    RestartSec: "5",
    RestartMaxDelaySec: "1min",
    TimeoutStopSec: "3min",
    TimeoutSec: "3min",
    RuntimeMaxSec: "1h",
    SuccessExitStatus: "3",
    RestartPreventExitStatus: "4",
    KillSignal: "SIGINT",
    Environment: "A=b",
    EnvironmentFile: "/etc/default/app",
    WorkingDirectory: "/tmp",
    KillMode: "process",
    StartLimitInterval: "5min",
    StartLimitIntervalSec: "5min",
    StartLimitBurst: "7",
  };
  test.each(
    words(`Type ExitType RemainAfterExit GuessMainPID PIDFile BusName ExecStart ExecStartPre ExecStartPost ExecCondition ExecReload
      ExecStop ExecStopPost RestartSec RestartSteps RestartMaxDelaySec TimeoutStartSec TimeoutStopSec TimeoutAbortSec TimeoutSec
      TimeoutStartFailureMode TimeoutStopFailureMode RuntimeMaxSec RuntimeRandomizedExtraSec WatchdogSec Restart RestartMode
      SuccessExitStatus RestartPreventExitStatus RestartForceExitStatus RootDirectoryStartOnly NonBlocking NotifyAccess Sockets
      FileDescriptorStoreMax USBFunctionDescriptors OOMPolicy OpenFile ReloadSignal
      WorkingDirectory RootDirectory RootImage MountAPIVFS ProtectProc ProcSubset BindPaths BindReadOnlyPaths User Group DynamicUser
      SupplementaryGroups SetLoginEnvironment PAMName CapabilityBoundingSet AmbientCapabilities NoNewPrivileges SecureBits
      SELinuxContext AppArmorProfile LimitCPU LimitNOFILE LimitNPROC LimitCORE UMask CoredumpFilter KeyringMode OOMScoreAdjust
      TimerSlackNSec Personality IgnoreSIGPIPE Nice CPUSchedulingPolicy CPUAffinity NUMAPolicy IOSchedulingClass ProtectSystem
      ProtectHome RuntimeDirectory StateDirectory CacheDirectory LogsDirectory ConfigurationDirectory ReadWritePaths ReadOnlyPaths
      InaccessiblePaths TemporaryFileSystem PrivateTmp PrivateDevices PrivateNetwork PrivateUsers ProtectHostname ProtectClock
      ProtectKernelTunables ProtectKernelModules ProtectControlGroups RestrictAddressFamilies RestrictNamespaces LockPersonality
      MemoryDenyWriteExecute RestrictRealtime RestrictSUIDSGID RemoveIPC PrivateMounts SystemCallFilter SystemCallArchitectures
      Environment EnvironmentFile PassEnvironment UnsetEnvironment StandardInput StandardOutput StandardError LogLevelMax
      SyslogIdentifier SyslogFacility SyslogLevel TTYPath LoadCredential SetCredential
      KillMode KillSignal RestartKillSignal SendSIGHUP SendSIGKILL FinalKillSignal WatchdogSignal
      CPUAccounting CPUWeight CPUQuota MemoryAccounting MemoryMin MemoryHigh MemoryMax MemorySwapMax TasksMax IOWeight
      IPAddressAllow DeviceAllow Slice Delegate ManagedOOMSwap StartLimitInterval StartLimitBurst NoSuchKey`),
  )("[Service] %s", (key) => {
    const without = "[Service]\nExecStart=/bin/cat\n";
    expectKept("systemd", key, without, `${without}${key}=${values[key] ?? "yes"}\n`);
  });

  test.each(
    words(`Description Documentation Wants Requires Requisite BindsTo PartOf Upholds Conflicts Before After OnFailure OnSuccess
      PropagatesReloadTo JoinsNamespaceOf RequiresMountsFor IgnoreOnIsolate StopWhenUnneeded RefuseManualStart AllowIsolate
      DefaultDependencies CollectMode FailureAction SuccessAction JobTimeoutSec StartLimitIntervalSec StartLimitBurst
      StartLimitAction RebootArgument ConditionPathExists AssertPathExists NoSuchKey`),
  )("[Unit] %s", (key) => {
    const service = "[Service]\nExecStart=/bin/cat\n";
    expectKept("systemd", key, service, `[Unit]\n${key}=${values[key] ?? "yes"}\n${service}`);
  });

  test.each(["Alias", "WantedBy", "RequiredBy", "Also", "DefaultInstance"])("[Install] %s", (key) => {
    const service = "[Service]\nExecStart=/bin/cat\n";
    expectKept("systemd", key, service, `${service}[Install]\n${key}=yes\n`);
  });
});

const file = (farm: string, consumer: string): string =>
  `symfony_process_manager:\n  consumers:\n    a: { transports: a${consumer} }\n${farm}`;

describe("the Symfony bundle", () => {
  test.each([...Object.keys(consumerKeys).filter((key) => key !== "transports"), "no_such_key"])(
    "consumers.a.%s",
    (key) => {
      expectKept("symfony", key, file("", ""), file("", `, ${key}: 7`));
    },
  );
  test.each([...Object.keys(farmKeys).filter((key) => key !== "consumers"), "no_such_key"])("%s", (key) => {
    expectKept("symfony", key, file("", ""), file(`  ${key}: 7\n`, ""));
  });
  test("a key beside the root", () => {
    expectKept("symfony", "when@dev", file("", ""), file("when@dev: { symfony_process_manager: {} }\n", ""));
  });
});

test("a line of a Procfile that is none is told", () => {
  expectKept("procfile", "what is this", "a: cat\n", "a: cat\nwhat is this\n");
  expectKept("procfile", "release", "a: cat\n", "a: cat\nrelease: rake db:migrate\n");
});

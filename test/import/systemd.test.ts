import { describe, expect, test } from "bun:test";
import { environmentWords, splitUnit } from "../../src/import/systemd-exec.ts";
import { fillSpecifiers, readExitCodes, readTimeSpan, unitNameOf } from "../../src/import/systemd-values.ts";
import { readUnit } from "../../src/import/unit-file.ts";
import { checked, importText, keysOf, lossesOf } from "./import-text.ts";

test.each([
  ["90", 90_000],
  ["1.5", 1500],
  ["5min 20s", 320_000],
  ["1h30m", 5_400_000],
  ["500ms", 500],
  ["2 weeks", 1_209_600_000],
  ["infinity", Number.POSITIVE_INFINITY],
  ["0", 0],
  ["", null],
  ["5 parsecs", null],
  ["1.2.3", null],
  ["-1", null],
])("the time span %j", (text, ms) => {
  expect(readTimeSpan(text)).toBe(ms);
});

test.each([
  ["1 2", [1, 2], []],
  ["250-252 TEMPFAIL SIGKILL", [250, 251, 252, 75], ["SIGKILL"]],
  ["0-999999", [], ["0-999999"]],
])("the exit codes %j", (text, codes, others) => {
  expect(readExitCodes(text)).toEqual({ codes, others });
});

test.each([
  ["a.service", "a", "a", "", false],
  ["a@.service", "a@", "a", null, true],
  ["a@b-c.service", "a@b-c", "a", "b-c", false],
])("the unit %s", (file, full, prefix, instance, isTemplate) => {
  expect(unitNameOf(file)).toEqual({ full, prefix, instance, isTemplate });
});

test.each([
  ["%n %N %p %i %%", "a-b@c.service a-b@c a-b c %", []],
  ["%t %S %C %L %E %T %V %j", "/run /var/lib /var/cache /var/log /etc /tmp /var/tmp b", []],
  ["%h/%u", "%h/%u", ["%h", "%u"]],
])("the specifiers of %s", (text, filled, unknown) => {
  expect(fillSpecifiers(text, unitNameOf("a-b@c.service"))).toEqual({ text: filled, unknown });
});

test.each([
  ['a \'b c\' "d\\"e" f\\ g', ["a", "b c", 'd"e', "f g"]],
  ["--x='a b' y", ["--x=a b", "y"]],
  ["", []],
])("the words of %s", (line, words) => {
  expect(splitUnit(line).map(({ text }) => text)).toEqual(words);
});

test("Environment= has one variable a word", () => {
  expect(environmentWords("A=b \"C=d e\" 'F=g=h' junk")).toEqual([
    ["A", "b"],
    ["C", "d e"],
    ["F", "g=h"],
  ]);
});

test("lines are joined, comments between them or not, and have the number of the first", () => {
  const { entries, strays } = readUnit("x\n[A]\n# c\nB=1 \\\n; c\n  2\n\nC = 3\r\n", "f");
  expect(entries.map(({ key, value, line }) => [key, value, line])).toEqual([
    ["B", "1  2", 4],
    ["C", "3", 8],
  ]);
  expect(strays.map(({ key }) => key)).toEqual(["x"]);
});

const service = (...lines: readonly string[]): string => `[Service]\n${lines.join("\n")}\n`;

describe("a service", () => {
  test.each([
    [["ExecStart=/bin/a -b 'c d'"], { command: ["/bin/a", "-b", "c d"], restart: "never", stop_timeout: "1m30s" }],
    [["ExecStart=-@/bin/a name b"], { command: ["/bin/a", "b"] }],
    [["ExecStart=:/bin/a $B ${C}"], { command: ["/bin/a", "$B", "${C}"] }],
    [["ExecStart=/bin/a $$B"], { command: ["/bin/a", "$B"] }],
    [["ExecStart=/bin/a ${B}c $D x$E"], { command: ["sh", "-c", "exec /bin/a \"$B\"c $D 'x$E'"] }],
    [["ExecStart=/bin/a", "ExecStart=", "ExecStart=/bin/b"], { command: ["/bin/b"] }],
    [
      ["ExecStart=/bin/a", "Restart=always", "RestartSec=5"],
      { restart: "always", backoff_base: "5s", backoff_max: "5s" },
    ],
    [
      ["ExecStart=/bin/a", "RestartSec=1", "RestartSteps=3", "RestartMaxDelaySec=1min"],
      { backoff_base: "1s", backoff_max: "1m" },
    ],
    [["ExecStart=/bin/a", "Restart=on-failure", "StartLimitBurst=1"], { failure_limit: 1, on_failure_limit: "park" }],
    [
      ["ExecStart=/bin/a", "Restart=on-failure", "StartLimitInterval=0", "StartLimitBurst=9"],
      { on_failure_limit: "retry" },
    ],
    [
      ["ExecStart=/bin/a", "Restart=always", "StartLimitInterval=10", "StartLimitBurst=5"],
      { failure_limit: 4, failure_window: "1m" },
    ],
    [["ExecStart=/bin/a", "TimeoutStopSec=infinity"], { stop_timeout: 0 }],
    [["ExecStart=/bin/a", "SuccessExitStatus=3", "SuccessExitStatus=4"], { exit_codes: { success: [3, 4] } }],
    [["ExecStart=/bin/a", "EnvironmentFile=/etc/a", "EnvironmentFile=/etc/b"], { env_file: ["/etc/a", "/etc/b"] }],
    [["ExecStart=/bin/a", 'Environment=A=1 "B=2 $x ${y}" C=%S'], { env: { A: "1", B: "2 $x ${y}", C: "/var/lib" } }],
    [
      ["ExecStart=/bin/a", "UMask=0027", "Nice=-5", "OOMScoreAdjust=500", "NoNewPrivileges=yes"],
      { umask: "0027", nice: -5, oom_score_adj: 500, no_new_privileges: true },
    ],
    [["ExecStart=/bin/a", "SupplementaryGroups=4 33", "SupplementaryGroups=7"], { groups: ["4", "33", "7"] }],
    [
      ["ExecStart=/bin/a", "LimitNOFILE=1024:65536", "LimitCORE=infinity", "LimitCPU=5min", "LimitAS=1G:infinity"],
      {
        rlimits: {
          nofile: { soft: 1024, hard: 65_536 },
          core: "unlimited",
          cpu: 300,
          as: { soft: "1G", hard: "unlimited" },
        },
      },
    ],
    [["ExecStart=/bin/a", "LimitNICE=-5", "LimitNPROC=7"], { rlimits: { nice: 25, nproc: 7 } }],
    [["ExecStart=/bin/a", "LimitNICE=7"], { rlimits: { nice: 7 } }],
    [
      ["ExecStart=/bin/a", "MemoryMax=512M", "CPUQuota=150%", "TasksMax=20"],
      { cgroup: { memory_max: "512M", cpu_max: 1.5, pids_max: 20 } },
    ],
    [["ExecStart=/bin/a", "MemoryMax=512M", "TasksMax=2", "MemoryMax=infinity"], { cgroup: { pids_max: 2 } }],
    [
      ["ExecStart=/bin/a", "User=33", "Group=www-data", "WorkingDirectory=-/srv"],
      { user: "33", group: "www-data", cwd: "/srv" },
    ],
  ])("%j", (lines, keys) => {
    expect(keysOf("systemd", service(...lines))).toMatchObject(keys);
    const env = lines.some((line) => line.startsWith("EnvironmentFile"));
    if (!env) expect(checked("systemd", service(...lines))).toMatchObject({ ok: true, warnings: [] });
  });

  test("an optional EnvironmentFile is taken where it is", () => {
    const text = service("ExecStart=/bin/a", "EnvironmentFile=-/etc/a", "EnvironmentFile=-/etc/b");
    expect(keysOf("systemd", text, { read: (path) => (path === "/etc/a" ? "A=1" : null) })).toMatchObject({
      env_file: ["/etc/a"],
    });
  });

  test.each([
    ["ExecStart=/bin/a %h", "%h depends on the machine or the user"],
    ["ExecStart=+/bin/a", "ran with full privileges"],
    ["Restart=on-abort", "on-abort is narrower"],
    ["WorkingDirectory=~", "~ is the home of the user"],
    ["User=%i", "depends on the machine, the user or the worker"],
    ["RestartSec=soon", "is no time that pm import can read"],
    ["Type=forking", "went into the background"],
    ["junk", "is neither a section nor Key=value"],
  ])("%s is told", (line, said) => {
    const file = "w@.service";
    expect(lossesOf("systemd", service(line), { file }).join("\n")).toContain(said);
  });

  test("a template runs its instances as workers", () => {
    const text = service("ExecStart=/bin/a --name w%i_x -n %n", "Environment=NAME=%p-%i");
    const [consumer] = importText("systemd", text, { file: "u/w@.service" }).consumers;
    expect(consumer?.name).toBe("w");
    expect(consumer?.keys.get("command")).toEqual([
      "sh",
      "-c",
      'exec env NAME=w-$PM_WORKER_SLOT /bin/a --name w"$PM_WORKER_SLOT"_x -n w@$PM_WORKER_SLOT.service',
    ]);
    expect(consumer?.losses).toMatchObject([{ key: "w@.service" }]);
  });

  test("an instance is one consumer with its name in it", () => {
    const [consumer] = importText("systemd", service("ExecStart=/bin/a %i"), { file: "w@mail.service" }).consumers;
    expect(consumer?.name).toBe("w-mail");
    expect(consumer?.keys.get("command")).toEqual(["/bin/a", "mail"]);
  });

  test("drop-ins beside it count, in their order", () => {
    const given = {
      find: (pattern: string) => (pattern === "/srv/app/app.service.d/*.conf" ? ["/srv/app/app.service.d/x.conf"] : []),
      read: (path: string) =>
        path.endsWith("x.conf") ? "[Service]\nExecStart=\nExecStart=/bin/b\nMemoryHigh=3\n" : null,
    };
    const { consumers } = importText("systemd", service("ExecStart=/bin/a"), given);
    expect(consumers[0]?.keys.get("command")).toEqual(["/bin/b"]);
    expect(consumers[0]?.losses).toMatchObject([{ file: "app.service.d/x.conf", line: 4, key: "MemoryHigh" }]);
  });
});

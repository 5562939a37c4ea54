import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemdUnit } from "../../src/deploy/unit.ts";
import { missing } from "../support/needs.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { farmOf } from "./farm-of.ts";

const place = { program: "/usr/local/bin/pm", workingDirectory: "/srv/app" };
const unit = (yaml: string, file?: string): readonly string[] => systemdUnit(farmOf(yaml, file), place).split("\n");
const plain = "consumers: {a: {command: [x]}}\n";

describe("the unit", () => {
  test("runs the farm where the file was read, and tells systemd how it does", () => {
    const lines = unit(plain);
    for (const line of [
      "Type=notify",
      "ExecStart=/usr/local/bin/pm serve /srv/app/pm.yaml",
      "ExecReload=/usr/local/bin/pm reload --file /srv/app/pm.yaml",
      "WorkingDirectory=/srv/app",
      "KillMode=mixed",
      "WatchdogSec=30",
      "Restart=on-failure",
      "RestartPreventExitStatus=2 78",
      "OOMPolicy=continue",
      "LimitNOFILE=1024:524288",
      "TasksMax=4096",
      "# User=www-data",
    ])
      expect(lines).toContain(line);
    expect(lines.filter((line) => line.startsWith("Delegate="))).toEqual([]);
  });

  test.each([
    ["a: {command: [x], stop_timeout: 1m}", ["TimeoutStopSec=65", "Environment=PM_STOP_GRACE=65s"]],
    ["a: {command: [x], stop_timeout: 0}", ["TimeoutStopSec=infinity"]],
  ])("gives {%s} the time it asks for, and tells pm of it", (consumers, expected) => {
    const lines = unit(`consumers: {${consumers}}\n`);
    expect(lines.filter((line) => /^TimeoutStopSec|PM_STOP_GRACE/u.test(line))).toEqual(expected);
  });

  test("of a farm without a control socket reloads by a signal", () => {
    expect(unit(`control: false\n${plain}`)).toContain("ExecReload=/bin/kill -HUP $MAINPID");
  });

  test("of a very large farm raises limits", () => {
    const lines = unit("consumers: {a: {command: [x], processes: 200000}}\n");
    expect(lines).toContain("LimitNOFILE=1024:800128");
    expect(lines).toContain("TasksMax=12800000");
  });

  test("of a farm that changes users says why it is root", () => {
    const lines = unit("consumers: {a: {command: [x], user: app}}\n");
    expect(lines).toContain('# pm must be root: the file gives "a" a user or group.');
    expect(lines.filter((line) => line.includes("User="))).toEqual([]);
  });

  test("delegates its control group where consumers have limits of one", () => {
    const lines = unit("consumers: {a: {command: [x], cgroup: {memory_max: 1G}}}\n");
    expect(lines).toContain("Delegate=yes");
    expect(lines).not.toContain("ProtectControlGroups=yes");
  });

  test("takes paths literally that mean something to systemd", () => {
    const lines = unit(plain, '/srv/50% "off" $HOME/a\\b.yaml');
    const quoted = String.raw`"/srv/50%% \"off\" $$HOME/a\\b.yaml"`;
    expect(lines).toContain(`ExecStart=/usr/local/bin/pm serve ${quoted}`);
    expect(lines.find((line) => line.startsWith("Description="))).toBe(
      String.raw`Description=Workers of /srv/50%% "off" $HOME/a\b.yaml`,
    );
  });
});

const absent = missing("systemd-analyze");
if (absent !== null) console.log(`systemd-analyze verify is left out: ${absent}`);

test.skipIf(absent !== null).each([
  ["a plain farm", plain],
  ["one with limits of a control group", "consumers: {a: {command: [x], cgroup: {pids_max: 9}}}\n"],
  ["one that may stop for ever", "shutdown_timeout: 0\ncontrol: false\nconsumers: {a: {command: [x], user: app}}\n"],
])("systemd has nothing against the unit of %s", (_, yaml) => {
  using folder = temporaryFolder();
  const spaced = join(folder.path, "50% a b");
  mkdirSync(spaced);
  const file = join(folder.path, "workers.service");
  const text = systemdUnit(farmOf(yaml, join(spaced, "pm.yaml")), {
    program: process.execPath,
    workingDirectory: spaced,
  });
  writeFileSync(file, text);
  const { exitCode, stderr } = Bun.spawnSync(["systemd-analyze", "verify", "--man=no", file], { stderr: "pipe" });
  const about = stderr.toString().split("\n");
  expect(about.filter((line) => line.includes("workers.service"))).toEqual([]);
  expect(exitCode).toBe(0);
});

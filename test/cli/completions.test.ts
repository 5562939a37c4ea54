import { describe, expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commands } from "../../src/cli/commands.ts";
import { runComplete } from "../../src/cli/commands/complete.ts";
import { runCompletions } from "../../src/cli/commands/completions.ts";
import { missing } from "../support/needs.ts";
import { consumerStatus, FakeControl, farmStatus, workerStatus } from "../support/fake-control.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const fixture = join(import.meta.dir, "..", "fixtures", "complete.bash");
const script = (shell: string): string => runCompletions(shell, commands).stdout;

test.each([
  ["zsch", "did you mean zsh?"],
  ["powershell", "choose one of bash, zsh, fish"],
])("there is no %s", (shell, advice) => {
  expect(runCompletions(shell, commands)).toEqual({
    exitCode: 2,
    stdout: "",
    stderr: `pm completions: there is no shell "${shell}"; ${advice}\n`,
  });
});

test.each(["bash", "zsh", "fish"])("the script for %s knows every command and flag", (shell) => {
  const text = script(shell);
  for (const { name, args } of commands) {
    expect(text).toContain(name);
    for (const [flag, { type }] of Object.entries(args)) {
      if (type !== "positional") expect(text).toContain(shell === "fish" ? `-l ${flag}` : `--${flag}`);
    }
  }
});

describe.each([
  ["bash", ["-n"]],
  ["zsh", ["-f", "-n"]],
  ["fish", ["-N", "-n"]],
])("%s", (shell, flags) => {
  const lack = missing(shell);
  test.skipIf(lack !== null)(`takes the script${lack === null ? "" : ` (skipped: ${lack})`}`, () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "script");
    writeFileSync(file, script(shell));
    const { exitCode, stderr } = Bun.spawnSync([shell, ...flags, file]);
    expect({ exitCode, stderr: stderr.toString() }).toEqual({ exitCode: 0, stderr: "" });
  });
});

/** A pm that knows two consumers, and a bash that has read the script. */
function proposals(line: string): string[] {
  using temporary = temporaryFolder();
  const folder = temporary.path;
  writeFileSync(join(folder, "script"), script("bash"));
  const names = { consumers: "async\nimages\nodd$(id>ran)", workers: "async\nasync:0\nasync:1\nimages\nimages:0" };
  const cases = Object.entries(names).map(([what, text]) => `${what}) printf '%s\\n' '${text}';;`);
  writeFileSync(join(folder, "pm"), `#!/bin/sh\ntest "$1" = __complete && case "$2" in ${cases.join(" ")} esac\n`);
  chmodSync(join(folder, "pm"), 0o755);
  const { stdout, stderr } = Bun.spawnSync(["bash", "--norc", fixture, "script", line], {
    cwd: folder,
    env: { ...process.env, PATH: `${folder}:${process.env["PATH"]}` },
  });
  expect(stderr.toString()).toBe("");
  return stdout.toString().split("\n").slice(0, -1);
}

describe.skipIf(missing("bash") !== null)("bash proposes", () => {
  test.each([
    ["pm st", ["status", "start", "stop"]],
    ["pm stop ", ["async", "async:0", "async:1", "images", "images:0"]],
    ["pm stop im", ["images", "images:0"]],
    ["pm stop async:", ["0", "1"]],
    ["pm stop async:1", ["1"]],
    ["pm stop async ", []],
    ["pm explain a", ["async"]],
    ["pm explain o", ["odd$(id>ran)"]],
    ["pm logs --level ", ["debug", "info", "warning", "error"]],
    ["pm logs -n 5 im", ["images", "images:0"]],
    ["pm logs -f im", ["images", "images:0"]],
    ["pm logs images --st", ["--stream"]],
    ["pm signal async US", ["USR1", "USR2"]],
    ["pm scale async ", []],
    ["pm check ", []],
    ["pm status --socket ", []],
    ["pm client p", ["php-symfony", "php", "python"]],
    ["pm completions ", ["bash", "zsh", "fish"]],
    ["pm nonsense ", []],
  ])("%j", (line, words) => {
    expect(proposals(line)).toEqual(words);
  });

  test("every command", () => {
    expect(proposals("pm ")).toEqual([...commands.map(({ name }) => name), "--help", "--version"]);
  });
});

describe("pm __complete", () => {
  const control = new FakeControl();
  const workers = [workerStatus(), workerStatus({ slot: 1 })];
  const consumers = [consumerStatus({ workers }), consumerStatus({ consumer: "images", workers: [] })];

  test.each([
    ["consumers", "async\nimages\n"],
    ["workers", "async\nasync:0\nasync:1\nimages\n"],
  ])("%s", async (what, stdout) => {
    control.answers = { "/v1/status": { status: 200, body: farmStatus({ consumers }) } };
    expect(await runComplete(what, control.connect)).toEqual({ exitCode: 0, stdout, stderr: "" });
  });

  test.each([
    ["a pm that does not answer", new Promise<never>(() => {})],
    ["a pm that refuses", { status: 500, body: {} }],
  ])("%s has no names, which is no problem of who types", async (_, answer) => {
    control.answers = { "/v1/status": answer };
    expect(await runComplete("workers", control.connect, 1)).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  });

  test("no pm has no names", async () => {
    const outcome = { exitCode: 69, stdout: "", stderr: "pm: none\n" };
    const nobody = (): Promise<{ ok: false; outcome: typeof outcome }> => Promise.resolve({ ok: false, outcome });
    expect(await runComplete("consumers", nobody)).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  });
});

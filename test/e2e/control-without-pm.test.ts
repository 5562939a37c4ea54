import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { missing } from "../support/needs.ts";
import { pmBinary } from "../support/pm-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

interface Run {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

function pm(
  args: readonly string[],
  { cwd = "/", env = {} }: { cwd?: string; env?: Record<string, string> } = {},
): Run {
  const run = Bun.spawnSync([pmBinary, ...args], { cwd, env: { ...process.env, PM_SOCKET: undefined, ...env } });
  return { exitCode: run.exitCode, stdout: run.stdout.toString(), stderr: run.stderr.toString() };
}

/** Exit code 69, nothing on stdout, one line on stderr that says all this. */
function unreachable(...parts: readonly string[]): Run {
  const text = parts.map((part) => RegExp.escape(part)).join(".*");
  return { exitCode: 69, stdout: "", stderr: expect.stringMatching(new RegExp(`^pm: [^\\n]*${text}[^\\n]*\\n$`, "u")) };
}

const another = "name another with --socket or PM_SOCKET";

describe("where no pm runs", () => {
  test.each([
    "status",
    "status --json",
    "start async",
    "stop async:0 --no-wait",
    "restart async --rolling --max-unavailable 2",
    "pause async",
    "resume async",
    "scale async 3",
    "scale async --auto",
    "signal async USR1",
    "reload --plan",
    "logs -fn5",
    "events -f",
    "explain async",
    "shutdown",
  ])("pm %s", (words) => {
    expect(pm([...words.split(" "), "--socket", "/nowhere/pm.sock"])).toEqual(unreachable("/nowhere/pm.sock", another));
  });

  test("PM_SOCKET names the socket", () => {
    expect(pm(["status"], { env: { PM_SOCKET: "/nowhere/pm.sock" } })).toEqual(unreachable("/nowhere/pm.sock"));
  });

  test("the pm.yaml in this folder names the farm, and one that is named wins over PM_SOCKET", () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "pm.yaml");
    writeFileSync(file, "consumers: { a: { command: [cat] } }\n");
    expect(pm(["status"], { cwd: folder.path })).toEqual(unreachable(file));
    const env = { PM_SOCKET: "/nowhere/pm.sock" };
    expect(pm(["status", "--file", file], { env })).toEqual(unreachable(file));
  });

  test("a socket that is left over, and a file that is none", () => {
    using folder = temporaryFolder();
    const [socket, file] = [join(folder.path, "left.sock"), join(folder.path, "file")];
    // The process that listens on it is killed.
    Bun.spawnSync([
      process.execPath,
      "-e",
      `Bun.listen({ unix: ${JSON.stringify(socket)}, socket: { data() {} } }); process.kill(process.pid, "SIGKILL")`,
    ]);
    writeFileSync(file, "");
    expect(pm(["status", "--socket", socket])).toEqual(unreachable(socket, another));
    expect(pm(["status", "--socket", file])).toEqual(unreachable(file, another));
  });

  test("completion has nothing to propose and says nothing", () => {
    const env = { PM_SOCKET: "/nowhere/pm.sock" };
    expect(pm(["__complete", "workers"], { env })).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  });
});

test.each([
  [["status", "--jsn"], "pm status: unknown flag --jsn; did you mean --json?"],
  [["status", "--watch"], "pm status: --watch needs a terminal; add --json for a document a line each second"],
  [["stop"], "pm stop: CONSUMER is missing: Its name, or NAME:SLOT for one worker, such as async:0"],
  [["stop", "a", "b"], 'pm stop: unexpected argument "b"; this command takes one argument'],
  [["scale", "a"], "pm scale: how many? Write pm scale a N, or pm scale a --auto"],
  [["logs", "-n"], "pm logs: -n needs a value; write -n N"],
  [["logs", "--level", "eror"], "pm logs: --level eror: did you mean error?"],
  [["completions", "bahs"], 'pm completions: there is no shell "bahs"; did you mean bash?'],
])("pm %j is wrong usage", (args, line) => {
  expect(pm([...args])).toEqual({ exitCode: 2, stdout: "", stderr: `${line}\n` });
});

test.each(["bash", "zsh", "fish"])("pm completions %s prints what that shell takes", (shell) => {
  const { exitCode, stdout, stderr } = pm(["completions", shell]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(stdout).toContain("__complete");
  if (missing(shell) !== null) return;
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, "script"), stdout);
  expect(Bun.spawnSync([shell, "-n", join(folder.path, "script")]).exitCode).toBe(0);
});

import { describe, expect, test } from "bun:test";
import { dispatch } from "../../src/cli/dispatch.ts";
import { commands } from "../../src/cli/commands.ts";
import { readArgs, strictArgs } from "../../src/cli/strict-args.ts";

const args = {
  file: { type: "positional", required: false },
  json: { type: "boolean" },
  preset: { type: "string" },
  lines: { type: "string", alias: "n", valueHint: "N" },
  follow: { type: "boolean", alias: "f" },
  "no-wait": { type: "boolean" },
} as const;

describe("strictArgs", () => {
  test.each([
    [[], null],
    [["pm.yaml"], null],
    [["pm.yaml", "--json"], null],
    [["--preset", "x"], null],
    [["--preset=x"], null],
    [["--", "--odd-name"], null],
    [["-"], null],
    [["--jsn"], "unknown flag --jsn; did you mean --json?"],
    [["--zzz=1"], "unknown flag --zzz; see --help"],
    [["--json=yes"], "--json takes no value; write just --json"],
    [["--preset"], "--preset needs a value; write --preset PRESET"],
    [["--preset="], "--preset needs a value; write --preset PRESET"],
    [["--no-wait"], null],
    [["--no-json"], "unknown flag --no-json; did you mean --json?"],
    [["-f"], null],
    [["-n", "5", "a"], null],
    [["-n5"], null],
    [["-fn", "5"], null],
    [["-fn5", "a"], null],
    [["-n", "-5"], null],
    [["-n"], "-n needs a value; write -n N"],
    [["-n=5"], "-n needs a value; write -n N"],
    [["--lines"], "--lines needs a value; write --lines N"],
    [["-x"], "unknown flag -x; see --help"],
    [["-fx"], "unknown flag -fx; see --help"],
    [["-json"], "unknown flag -json; did you mean --json?"],
    [["--f"], "unknown flag --f; see --help"],
    [["-5"], "unknown flag -5; see --help"],
    [["a", "b"], 'unexpected argument "b"; this command takes one argument'],
  ])("%j", (words, expected) => {
    expect(strictArgs(words, args)).toBe(expected);
  });

  test("tells of a missing argument", () => {
    const needed = { name: { type: "positional", required: true, description: "php or node" } } as const;
    expect(strictArgs([], needed)).toBe("NAME is missing: php or node");
  });
});

describe("readArgs", () => {
  test.each<[string[], Record<string, string | true>]>([
    [[], {}],
    [["-fn5", "a"], { follow: true, lines: "5", file: "a" }],
    [["-f", "-n", "-5"], { follow: true, lines: "-5" }],
    [["a", "-n", "5", "--no-wait"], { lines: "5", file: "a", "no-wait": true }],
    [["--no-wait", "--", "-n"], { file: "-n", "no-wait": true }],
    [["--preset=a=b", "-", "--json"], { preset: "a=b", file: "-", json: true }],
    [["--lines", "1", "--lines", "2"], { lines: "2" }],
  ])("%j", (words, expected) => {
    expect(strictArgs(words, args)).toBeNull();
    expect(readArgs(words, args)).toEqual(expected);
  });
});

describe("dispatch", () => {
  test.each([
    [["chek"], 2, 'pm: unknown command "chek"; did you mean pm check?\n'],
    [["--hlp"], 2, 'pm: unknown flag "--hlp"; see pm --help\n'],
    [["check", "--jsn"], 2, "pm check: unknown flag --jsn; did you mean --json?\n"],
    [["client", "ruby"], 2, 'pm client: there is no client "ruby"; choose one of php-symfony, php, python, node\n'],
  ])("%j is a usage error in one line", async (argv, exitCode, stderr) => {
    expect(await dispatch(argv)).toEqual({ exitCode, stdout: "", stderr });
  });

  test("no command at all shows the help, as an error", async () => {
    const { exitCode, stdout, stderr } = await dispatch([]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain("Usage: pm COMMAND");
  });

  test.each(["--help", "-h", "help"])("%s lists every command on stdout", async (word) => {
    const { exitCode, stdout, stderr } = await dispatch([word]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    for (const { name, summary } of commands)
      expect(stdout).toMatch(new RegExp(`^  ${name} +${RegExp.escape(summary)}$`, "mu"));
  });

  test.each(commands.map(({ name }) => name))(
    "pm %s --help has its examples and no colours on a pipe",
    async (name) => {
      const { exitCode, stdout } = await dispatch([name, "--help"]);
      expect(exitCode).toBe(0);
      expect(stdout).toContain(`EXAMPLES\n\n  pm ${name}`);
      expect(stdout).not.toContain("\u001b");
    },
  );
});

import { nearest } from "../config/suggest.ts";
import { commandHelp, rootHelp } from "./help.ts";
import { commands } from "./commands.ts";
import { exitCodes, type Outcome } from "./outcome.ts";
import { readArgs, strictArgs } from "./strict-args.ts";
import { version } from "./version.ts";
import { compileAsUsual } from "../system/jit.ts";

/** The commands of which the start is all that anybody waits for. */
const startsFarm: ReadonlySet<string> = new Set(["serve", "demo"]);

/** What the user typed after `pm`, to what comes of it. Nothing is printed here. */
export async function dispatch(argv: readonly string[]): Promise<Outcome> {
  const [name, ...words] = argv;
  if (name === undefined) return usageError(`no command given\n\n${rootHelp()}`);
  if (name === "--help" || name === "-h" || name === "help") return done(rootHelp());
  if (name === "--version" || name === "-V") return done(`${version}\n`);
  if (name === "__complete") {
    const { connect } = await import("./control/connect.ts");
    return (await import("./commands/complete.ts")).runComplete(words[0], connect);
  }

  const command = commands.find((each) => each.name === name);
  if (command === undefined) {
    const near = nearest(
      name,
      commands.map((each) => each.name),
    );
    const kind = name.startsWith("-") ? "flag" : "command";
    return usageError(`unknown ${kind} "${name}"; ${near === null ? "see pm --help" : `did you mean pm ${near}?`}\n`);
  }
  const end = words.indexOf("--");
  const own = end === -1 ? words : words.slice(0, end);
  if (own.includes("--help") || own.includes("-h")) return done(await commandHelp(command));
  const problem = strictArgs(words, command.args);
  if (problem !== null) return usageError(`pm ${command.name}: ${problem}\n`);
  // What works on a list of thousands of workers is worth compiling; a farm says by itself when its start is over (see scripts/compile.ts).
  if (!startsFarm.has(command.name)) compileAsUsual();
  return command.run(readArgs(words, command.args));
}

function done(stdout: string): Outcome {
  return { exitCode: exitCodes.done, stdout, stderr: "" };
}

function usageError(text: string): Outcome {
  return { exitCode: exitCodes.usage, stdout: "", stderr: text.startsWith("pm ") ? text : `pm: ${text}` };
}

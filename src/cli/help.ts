import { isTerminal } from "../system/terminal.ts";
import { type Command } from "./command.ts";
import { commands } from "./commands.ts";
import { version } from "./version.ts";

/** The help of pm itself. */
export function rootHelp(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    `pm ${version}: keeps farms of worker processes alive.`,
    "",
    "Usage: pm COMMAND [ARGUMENTS]",
    "",
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    "",
    "pm COMMAND --help tells more about each; pm --version prints the version.",
    "Example: pm init && pm serve pm.yaml",
    "",
  ].join("\n");
}

/** The help of one command, rendered by citty, with its examples. */
export async function commandHelp(command: Command): Promise<string> {
  const { defineCommand, renderUsage } = await import("citty");
  const usage = await renderUsage(
    defineCommand({ meta: { name: command.name, description: command.summary }, args: command.args }),
    defineCommand({ meta: { name: "pm" } }),
  );
  const examples = command.examples.map((example) => `  ${example}`).join("\n");
  // citty colours what it says for pipes too.
  const colours = isTerminal(1) && !process.env["NO_COLOR"];
  return `${colours ? usage : Bun.stripANSI(usage)}\n\nEXAMPLES\n\n${examples}\n`;
}

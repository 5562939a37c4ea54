import { nearest } from "../../config/suggest.ts";
import type { Command } from "../command.ts";
import { bashCompletion } from "../completions/bash.ts";
import { fishCompletion } from "../completions/fish.ts";
import { proposalsOf, type Proposals } from "../completions/proposals.ts";
import { zshCompletion } from "../completions/zsh.ts";
import { exitCodes, outcome, type Outcome } from "../outcome.ts";

const shells: Readonly<Record<string, (commands: readonly Proposals[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** `pm completions`: the script for a shell, made from the table of commands. */
export function runCompletions(shell: string, commands: readonly Command[]): Outcome {
  const script = Object.hasOwn(shells, shell) ? shells[shell] : undefined;
  if (script !== undefined) return { exitCode: exitCodes.done, stdout: script(commands.map(proposalsOf)), stderr: "" };
  const known = Object.keys(shells);
  const near = nearest(shell, known);
  const advice = near === null ? `choose one of ${known.join(", ")}` : `did you mean ${near}?`;
  return outcome(exitCodes.usage, [], [`pm completions: there is no shell "${shell}"; ${advice}`]);
}

import { type Command, textOf } from "./command.ts";
import { controlCommands } from "./command-table/control.ts";
import { deployCommands } from "./command-table/deploy.ts";
import { farmCommands } from "./command-table/farm.ts";
import { taskCommands } from "./command-table/tasks.ts";
import { toolCommands } from "./command-table/tools.ts";

/** Here because it is made from all the others. */
const completions: Command = {
  name: "completions",
  summary: "Print the completion script of a shell: bash, zsh or fish",
  examples: [
    "pm completions bash > /etc/bash_completion.d/pm",
    "pm completions fish > ~/.config/fish/completions/pm.fish",
  ],
  args: { shell: { type: "positional", required: true, description: "bash, zsh or fish" } },
  completes: { shell: ["bash", "zsh", "fish"] },
  run: async (args) =>
    (await import("./commands/completions.ts")).runCompletions(textOf(args, "shell") ?? "", commands),
};

/** All commands, in the order of the help; their rows are in `command-table/`. */
export const commands: readonly Command[] = [
  ...farmCommands,
  ...controlCommands,
  ...taskCommands,
  ...toolCommands,
  ...deployCommands,
  completions,
];

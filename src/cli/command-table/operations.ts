import type { ArgsDef } from "citty";
import { type Command, textOf } from "../command.ts";
import { connect } from "../control/connect.ts";
import { consumer, farm, noWait, reason, target, waits, whereOf } from "./control-args.ts";

type Verb = "start" | "stop" | "restart" | "pause" | "resume";

function operation(verb: Verb, summary: string, examples: readonly string[], more: ArgsDef = {}): Command {
  return {
    name: verb,
    summary,
    examples,
    args: { ...target, ...more, ...noWait, ...reason, ...farm },
    completes: { consumer: "workers" },
    run: async (args) =>
      (await import("../commands/operation.ts")).runOperation(
        {
          verb,
          target: textOf(args, "consumer") ?? "",
          wait: waits(args),
          reason: textOf(args, "reason"),
          rolling: args["rolling"] === true,
          maxUnavailable: textOf(args, "max-unavailable"),
        },
        { where: whereOf(args), connect },
      ),
  };
}

/** What acts on a consumer or one worker, waits for the outcome and says what happened. */
export const operations: readonly Command[] = [
  operation("start", "Start what is stopped, given up or waiting for its next start", [
    "pm start async",
    "pm start async:0",
  ]),
  operation("stop", "Stop workers in order; they stay away until pm start", [
    "pm stop async",
    "pm stop async:0 --reason 'eats memory'",
  ]),
  operation(
    "restart",
    "Stop workers in order and start them again: all at once, or so many at a time",
    ["pm restart async", "pm restart async --rolling --max-unavailable 2"],
    {
      rolling: {
        type: "boolean",
        description: "One after the other, each when the one before is ready; stops at a failure",
      },
      "max-unavailable": {
        type: "string",
        valueHint: "N",
        description: "With --rolling, so many at a time (default: 1)",
      },
    },
  ),
  operation("pause", "Freeze workers, a busy one when its message is done", ["pm pause async"]),
  operation("resume", "Let paused workers go on", ["pm resume async"]),
  {
    name: "scale",
    summary: "Set the size of a consumer by hand, or give it back to the autoscaler",
    examples: ["pm scale async 5", "pm scale async --auto"],
    args: {
      ...consumer,
      size: { type: "positional", required: false, description: "How many workers; holds until pm scale --auto" },
      auto: { type: "boolean", description: "The autoscaler, or the file, decides again" },
      ...noWait,
      ...reason,
      ...farm,
    },
    completes: { consumer: "consumers", size: [] },
    run: async (args) =>
      (await import("../commands/scale.ts")).runScale(
        {
          consumer: textOf(args, "consumer") ?? "",
          size: textOf(args, "size"),
          auto: args["auto"] === true,
          wait: waits(args),
          reason: textOf(args, "reason"),
        },
        { where: whereOf(args), connect },
      ),
  },
  {
    name: "signal",
    summary: "Send a signal to the processes of a consumer",
    examples: ["pm signal async USR1", "pm signal async:0 HUP --group"],
    args: {
      ...target,
      signal: { type: "positional", required: true, description: "Its name, with or without SIG" },
      group: { type: "boolean", description: "To the whole process group of each worker" },
      ...reason,
      ...farm,
    },
    completes: { consumer: "workers", signal: ["HUP", "INT", "TERM", "QUIT", "USR1", "USR2", "WINCH", "CONT", "KILL"] },
    run: async (args) =>
      (await import("../commands/signal.ts")).runSignal(
        {
          target: textOf(args, "consumer") ?? "",
          signal: textOf(args, "signal") ?? "",
          group: args["group"] === true,
          reason: textOf(args, "reason"),
        },
        { where: whereOf(args), connect },
      ),
  },
];

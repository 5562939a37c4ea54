import type { ArgsDef } from "citty";
import { type Command, textOf } from "../command.ts";
import { connect } from "../control/connect.ts";
import { consumer, farm, whereOf } from "./control-args.ts";

const manner = {
  timeout: { type: "string", valueHint: "TIME", description: "From now to the answer (default: that of the consumer)" },
  retries: {
    type: "string",
    valueHint: "N",
    description: "How often a failed task is run again (default: that of the consumer)",
  },
  priority: {
    type: "string",
    valueHint: "N",
    description: "Of tasks that wait the higher one goes first (default: 0)",
  },
} as const satisfies ArgsDef;

/** What hands tasks to warm workers. */
export const taskCommands: readonly Command[] = [
  {
    name: "task",
    summary: "Have a warm worker do one task, and print its result",
    examples: [`pm task thumbs '{"file":"a.jpg"}'`, "pm task thumbs --timeout 5s < task.json"],
    args: {
      ...consumer,
      payload: { type: "positional", required: false, description: "The payload, JSON (default, and -: stdin)" },
      ...manner,
      key: { type: "string", valueHint: "TEXT", description: "Two tasks of the same key are one" },
      json: { type: "boolean", description: "A text as JSON, too" },
      ...farm,
    },
    completes: { consumer: "consumers", payload: [] },
    run: async (args) =>
      (await import("../commands/task.ts")).runTask(
        {
          consumer: textOf(args, "consumer") ?? "",
          payload: textOf(args, "payload"),
          timeout: textOf(args, "timeout"),
          retries: textOf(args, "retries"),
          priority: textOf(args, "priority"),
          key: textOf(args, "key"),
          json: args["json"] === true,
        },
        { where: whereOf(args), connect },
      ),
  },
  {
    name: "map",
    summary: "Have warm workers do a task for each line, and print the answers in the same order",
    examples: ["pm map thumbs < in.ndjson > out.ndjson", "pm map thumbs -i in.ndjson -o out.ndjson --resume"],
    args: {
      ...consumer,
      input: { type: "string", alias: "i", valueHint: "FILE", description: "Payloads, one a line (default: stdin)" },
      output: { type: "string", alias: "o", valueHint: "FILE", description: "Answers, one a line (default: stdout)" },
      resume: { type: "boolean", description: "Go on behind what the file of -o holds already" },
      results: { type: "boolean", description: "Print results alone, null for a task that failed" },
      "fail-fast": { type: "boolean", description: "End at the first task that fails" },
      ...manner,
      progress: { type: "boolean", description: "Tell on stderr how far it is (default: on a terminal)" },
      "no-progress": { type: "boolean", description: "Tell nothing on a terminal either" },
      ...farm,
    },
    completes: { consumer: "consumers" },
    run: async (args) =>
      (await import("../commands/map.ts")).runMap(
        {
          consumer: textOf(args, "consumer") ?? "",
          input: textOf(args, "input"),
          output: textOf(args, "output"),
          resume: args["resume"] === true,
          results: args["results"] === true,
          failFast: args["fail-fast"] === true,
          timeout: textOf(args, "timeout"),
          retries: textOf(args, "retries"),
          priority: textOf(args, "priority"),
          progress: typeof args["progress"] === "boolean" ? args["progress"] : null,
        },
        { where: whereOf(args), connect },
      ),
  },
];

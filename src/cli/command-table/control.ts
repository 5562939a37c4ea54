import { type Command, textOf } from "../command.ts";
import { connect } from "../control/connect.ts";
import { consumer, farm, follow, json, noWait, reason, waits, whereOf } from "./control-args.ts";
import { operations } from "./operations.ts";

/** What talks to a running farm by its control socket. */
export const controlCommands: readonly Command[] = [
  {
    name: "status",
    summary: "Show who runs, since when, and why not",
    examples: ["pm status", "pm status async --watch", "pm status --json"],
    args: {
      consumer: { type: "positional", required: false, description: "Only this one, with all its workers" },
      json: { type: "boolean", description: "One JSON document on stdout, with --watch one a second" },
      watch: { type: "boolean", description: "Again each second, until Ctrl-C" },
      cluster: { type: "boolean", description: "Which node of the cluster runs each consumer" },
      all: { type: "boolean", alias: "v", description: "Every worker, of consumers with more than 20 too" },
      ...farm,
    },
    completes: { consumer: "consumers" },
    run: async (args) =>
      (await import("../commands/status.ts")).runStatus(
        {
          consumer: textOf(args, "consumer"),
          json: args["json"] === true,
          watch: args["watch"] === true,
          cluster: args["cluster"] === true,
          all: args["all"] === true,
        },
        { where: whereOf(args), connect },
      ),
  },
  ...operations,
  {
    name: "reload",
    summary: "Apply the changed pm.yaml, restarting only what must",
    examples: ["pm reload --plan", "pm reload"],
    args: {
      plan: { type: "boolean", description: "Only tell what would change" },
      ...json,
      ...reason,
      ...farm,
    },
    run: async (args) =>
      (await import("../commands/reload.ts")).runReload(
        { plan: args["plan"] === true, json: args["json"] === true, reason: textOf(args, "reason") },
        { where: whereOf(args), connect },
      ),
  },
  {
    name: "logs",
    summary: "Show what workers wrote last, and follow it",
    examples: ["pm logs", "pm logs async:0 -f -n 20", "pm logs --level error"],
    args: {
      consumer: { type: "positional", required: false, description: "Only of this one, or of NAME:SLOT" },
      ...follow,
      level: { type: "string", valueHint: "LEVEL", description: "debug, info, warning or error, and what is worse" },
      stream: { type: "string", valueHint: "STREAM", description: "stdout or stderr" },
      json: { type: "boolean", description: "One JSON document a line" },
      ...farm,
    },
    completes: {
      consumer: "workers",
      level: ["debug", "info", "warning", "error"],
      stream: ["stdout", "stderr"],
    },
    run: async (args) =>
      (await import("../commands/logs.ts")).runLogs(
        {
          target: textOf(args, "consumer"),
          follow: args["follow"] === true,
          count: textOf(args, "lines"),
          level: textOf(args, "level"),
          stream: textOf(args, "stream"),
          json: args["json"] === true,
        },
        { where: whereOf(args), connect },
      ),
  },
  {
    name: "events",
    summary: "Show who or what changed what, and why",
    examples: ["pm events", "pm events async -f", "pm events --json"],
    args: {
      consumer: { type: "positional", required: false, description: "Only of this one" },
      ...follow,
      json: { type: "boolean", description: "One JSON document a line" },
      ...farm,
    },
    completes: { consumer: "consumers" },
    run: async (args) =>
      (await import("../commands/events.ts")).runEvents(
        {
          consumer: textOf(args, "consumer"),
          follow: args["follow"] === true,
          count: textOf(args, "lines"),
          json: args["json"] === true,
        },
        { where: whereOf(args), connect },
      ),
  },
  {
    name: "explain",
    summary: "Tell why a consumer has this many workers right now",
    examples: ["pm explain async"],
    args: { ...consumer, ...json, ...farm },
    completes: { consumer: "consumers" },
    run: async (args) =>
      (await import("../commands/explain.ts")).runExplain(
        { consumer: textOf(args, "consumer") ?? "", json: args["json"] === true },
        { where: whereOf(args), connect },
      ),
  },
  {
    name: "top",
    summary: "Show the farm live on the whole terminal, and act on it by keys",
    examples: ["pm top", "pm top --file /etc/pm.yaml --interval 2s"],
    args: {
      interval: { type: "string", valueHint: "TIME", description: "Between two looks (default: 1s)" },
      ...farm,
    },
    run: async (args) =>
      (await import("../commands/top.ts")).runTop(
        { interval: textOf(args, "interval") },
        { where: whereOf(args), connect },
      ),
  },
  {
    name: "shutdown",
    summary: "Stop the running pm and its workers in order",
    examples: ["pm shutdown", "pm shutdown --no-wait"],
    args: { ...noWait, ...reason, ...farm },
    run: async (args) =>
      (await import("../commands/shutdown.ts")).runShutdown(
        { wait: waits(args), reason: textOf(args, "reason") },
        { where: whereOf(args), connect },
      ),
  },
];

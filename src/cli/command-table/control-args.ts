import type { ArgsDef } from "citty";
import { type Args, textOf } from "../command.ts";
import type { Where } from "../control/connect.ts";

/** Which farm: flags that every command of the control socket has. */
export const farm = {
  socket: {
    type: "string",
    valueHint: "PATH",
    description: "The control socket (default: PM_SOCKET, else that of the pm.yaml here, else the only one)",
  },
  file: { type: "string", valueHint: "PM_YAML", description: "The pm.yaml of the farm, instead of --socket" },
} as const satisfies ArgsDef;

/** What these flags say. */
export function whereOf(args: Args): Where {
  return { socket: textOf(args, "socket"), file: textOf(args, "file") };
}

export const noWait = {
  "no-wait": { type: "boolean", description: "Come back as soon as it has begun" },
} as const satisfies ArgsDef;

/** Whether to wait for the end of an order. */
export function waits(args: Args): boolean {
  return args["no-wait"] !== true;
}

export const reason = {
  reason: { type: "string", valueHint: "TEXT", description: "Why, for pm events" },
} as const satisfies ArgsDef;

export const json = {
  json: { type: "boolean", description: "One JSON document on stdout" },
} as const satisfies ArgsDef;

export const follow = {
  follow: { type: "boolean", alias: "f", description: "And what comes from now on, until Ctrl-C" },
  lines: { type: "string", alias: "n", valueHint: "N", description: "How many that are there already (default: 100)" },
} as const satisfies ArgsDef;

/** A consumer as an argument that must be there. */
export const consumer = {
  consumer: { type: "positional", required: true, description: "Its name" },
} as const satisfies ArgsDef;

/** All workers of a consumer, or one. */
export const target = {
  consumer: {
    type: "positional",
    required: true,
    description: "Its name, or NAME:SLOT for one worker, such as async:0",
  },
} as const satisfies ArgsDef;

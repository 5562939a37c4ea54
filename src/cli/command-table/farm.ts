import { type Command, textOf } from "../command.ts";
import { file } from "./file.ts";

/** A pm.yaml and what runs it. */
export const farmCommands: readonly Command[] = [
  {
    name: "serve",
    summary: "Run the farm in the foreground until told to stop",
    examples: ["pm serve", "pm serve /etc/pm.yaml"],
    args: {
      ...file,
      socket: {
        type: "string",
        valueHint: "PATH",
        description:
          "Where the control socket is to be (default: PM_SOCKET, else control.socket, else by the file's path)",
      },
    },
    run: async (args) =>
      (await import("../commands/serve.ts")).runServe({ file: textOf(args, "file"), socket: textOf(args, "socket") }),
  },
  {
    name: "demo",
    summary: "Run a self-contained farm to look at: steady, burst, ramp or failures",
    examples: ["pm demo", "pm demo failures"],
    args: {
      scenario: { type: "positional", required: false, description: "steady (default), burst, ramp or failures" },
    },
    completes: { scenario: ["steady", "burst", "ramp", "failures"] },
    run: async (args) => (await import("../commands/demo.ts")).runDemo({ scenario: textOf(args, "scenario") }),
  },
  {
    name: "check",
    summary: "Validate a pm.yaml and tell every problem at once",
    examples: ["pm check", "pm check pm.yaml --json"],
    args: { ...file, json: { type: "boolean", description: "One JSON document on stdout" } },
    run: async (args) =>
      (await import("../commands/check.ts")).runCheck({ file: textOf(args, "file"), json: args["json"] === true }),
  },
  {
    name: "config",
    summary: "Print the effective configuration: defaults filled in, secrets masked",
    examples: ["pm config pm.yaml"],
    args: file,
    run: async (args) => (await import("../commands/config.ts")).runConfig({ file: textOf(args, "file") }),
  },
  {
    name: "schema",
    summary: "Print the JSON Schema of pm.yaml, for editors and CI",
    examples: ["pm schema > pm.schema.json"],
    args: {},
    run: async () => (await import("../commands/schema.ts")).runSchema(),
  },
  {
    name: "init",
    summary: "Write a commented pm.yaml to start from; never overwrites",
    examples: ["pm init", "pm init --preset symfony-messenger"],
    args: { preset: { type: "string", valueHint: "NAME", description: "symfony-messenger" } },
    completes: { preset: ["symfony-messenger"] },
    run: async (args) => (await import("../commands/init.ts")).runInit({ preset: textOf(args, "preset") }),
  },
  {
    name: "import",
    summary: "Print a pm.yaml made from a file of supervisord, systemd, PM2 or the Symfony bundle, or from a Procfile",
    examples: [
      "pm import /etc/supervisor/conf.d/worker.conf > pm.yaml",
      "pm import Procfile --formation web=2,worker=3",
      "pm import - --format supervisord < old.conf",
    ],
    args: {
      file: { type: "positional", required: true, description: "The file; - is stdin, with --format" },
      format: {
        type: "string",
        valueHint: "NAME",
        description: "supervisord, procfile, pm2, systemd or symfony (default: by the name and what is in it)",
      },
      formation: { type: "string", valueHint: "LIST", description: "Workers of a Procfile, such as web=2,worker=3" },
    },
    completes: { format: ["supervisord", "procfile", "pm2", "systemd", "symfony"] },
    run: async (args) =>
      (await import("../commands/import.ts")).runImport({
        file: textOf(args, "file") ?? "",
        format: textOf(args, "format"),
        formation: textOf(args, "formation"),
      }),
  },
  {
    name: "client",
    summary: "Print a ready-made worker client: php-symfony, php, python or node",
    examples: ["pm client php-symfony > src/PmMessengerSubscriber.php", "pm client python > pm_client.py"],
    args: { name: { type: "positional", required: true, description: "php-symfony, php, python or node" } },
    completes: { name: ["php-symfony", "php", "python", "node"] },
    run: async (args) => (await import("../commands/client.ts")).runClient({ name: textOf(args, "name") ?? "" }),
  },
];

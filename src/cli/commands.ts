import type { ArgsDef } from "citty";
import { type Command, textOf } from "./command.ts";

const file = {
  file: {
    type: "positional",
    required: false,
    description: "The configuration (default: pm.yaml, then pm.yml, in this directory)",
  },
} as const satisfies ArgsDef;

/** All commands, in the order of the help. */
export const commands: readonly Command[] = [
  {
    name: "serve",
    summary: "Run the farm in the foreground until told to stop",
    examples: ["pm serve", "pm serve /etc/pm.yaml"],
    args: file,
    run: async (args) => (await import("./commands/serve.ts")).runServe({ file: textOf(args, "file") }),
  },
  {
    name: "demo",
    summary: "Run a self-contained farm to look at: steady, burst, ramp or failures",
    examples: ["pm demo", "pm demo failures"],
    args: {
      scenario: { type: "positional", required: false, description: "steady (default), burst, ramp or failures" },
    },
    run: async (args) => (await import("./commands/demo.ts")).runDemo({ scenario: textOf(args, "scenario") }),
  },
  {
    name: "check",
    summary: "Validate a pm.yaml and tell every problem at once",
    examples: ["pm check", "pm check pm.yaml --json"],
    args: { ...file, json: { type: "boolean", description: "One JSON document on stdout" } },
    run: async (args) =>
      (await import("./commands/check.ts")).runCheck({ file: textOf(args, "file"), json: args["json"] === true }),
  },
  {
    name: "config",
    summary: "Print the effective configuration: defaults filled in, secrets masked",
    examples: ["pm config pm.yaml"],
    args: file,
    run: async (args) => (await import("./commands/config.ts")).runConfig({ file: textOf(args, "file") }),
  },
  {
    name: "schema",
    summary: "Print the JSON Schema of pm.yaml, for editors and CI",
    examples: ["pm schema > pm.schema.json"],
    args: {},
    run: async () => (await import("./commands/schema.ts")).runSchema(),
  },
  {
    name: "init",
    summary: "Write a commented pm.yaml to start from; never overwrites",
    examples: ["pm init", "pm init --preset symfony-messenger"],
    args: { preset: { type: "string", valueHint: "NAME", description: "symfony-messenger" } },
    run: async (args) => (await import("./commands/init.ts")).runInit({ preset: textOf(args, "preset") }),
  },
  {
    name: "simulate",
    summary: "Run the autoscaler in virtual time: over a trace, or against a modelled load beside other rules",
    examples: [
      "pm simulate --trace load.ndjson pm.yaml",
      "pm simulate --arrivals 0:1/s,10m:10/s --service-time exp:0.5s",
      "pm simulate --arrivals burst --json",
    ],
    args: {
      ...file,
      trace: { type: "string", valueHint: "FILE", description: "Samples, a JSON object a line; - is stdin" },
      arrivals: {
        type: "string",
        valueHint: "SPEC",
        description:
          "4/s, 0:1/s,10m:10/s, ramp:1..10/s/60s, burst:100@0s, or a scenario: steady, burst, ramp, failures, day, lunch",
      },
      "service-time": { type: "string", valueHint: "DIST", description: "exp:0.5s, const:1s or lognormal:0.5s,1.2" },
      duration: {
        type: "string",
        valueHint: "TIME",
        description: "How long messages come (default: 1h, a day for day and lunch)",
      },
      seed: { type: "string", valueHint: "N", description: "Of the chance that draws the load (default: 1)" },
      "start-time": {
        type: "string",
        valueHint: "TIME",
        description: "Until a started worker takes messages (default: 2s)",
      },
      objective: {
        type: "string",
        valueHint: "TIME",
        description: "What a message may wait (default: max_wait, else 30s)",
      },
      json: { type: "boolean", description: "One JSON document on stdout" },
    },
    run: async (args) =>
      (await import("./commands/simulate.ts")).runSimulate({
        file: textOf(args, "file"),
        trace: textOf(args, "trace"),
        arrivals: textOf(args, "arrivals"),
        serviceTime: textOf(args, "service-time"),
        duration: textOf(args, "duration"),
        seed: textOf(args, "seed"),
        startTime: textOf(args, "start-time"),
        objective: textOf(args, "objective"),
        json: args["json"] === true,
      }),
  },
  {
    name: "client",
    summary: "Print a ready-made worker client: php-symfony, php, python or node",
    examples: ["pm client php-symfony > src/PmMessengerSubscriber.php", "pm client python > pm_client.py"],
    args: { name: { type: "positional", required: true, description: "php-symfony, php, python or node" } },
    run: async (args) => (await import("./commands/client.ts")).runClient({ name: textOf(args, "name") ?? "" }),
  },
  {
    name: "dashboard",
    summary: "Print the Grafana dashboard",
    examples: ["pm dashboard > pm.json"],
    args: {},
    run: async () => (await import("./commands/dashboard.ts")).runDashboard(),
  },
  {
    name: "alerts",
    summary: "Print the Prometheus alert rules",
    examples: ["pm alerts > pm-alerts.yaml"],
    args: {},
    run: async () => (await import("./commands/alerts.ts")).runAlerts(),
  },
];

import { type Command, textOf } from "../command.ts";
import { file } from "./file.ts";

/** What needs no running farm. */
export const toolCommands: readonly Command[] = [
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
      (await import("../commands/simulate.ts")).runSimulate({
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
    name: "dashboard",
    summary: "Print the Grafana dashboard",
    examples: ["pm dashboard > pm.json"],
    args: {},
    run: async () => (await import("../commands/dashboard.ts")).runDashboard(),
  },
  {
    name: "alerts",
    summary: "Print the Prometheus alert rules",
    examples: ["pm alerts > pm-alerts.yaml"],
    args: {},
    run: async () => (await import("../commands/alerts.ts")).runAlerts(),
  },
];

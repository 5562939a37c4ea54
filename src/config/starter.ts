import { consumerKeys } from "./consumer-keys.ts";
import { farmKeys } from "./farm-keys.ts";
import type { Keys } from "./kind.ts";
import type { PresetName } from "./presets.ts";

/** The first lines of the consumer in a new pm.yaml. */
const firstConsumer: Readonly<Record<PresetName | "none", string>> = {
  none: `  hello:
    # argv of a worker; use [sh, -c, "…"] for anything that needs a shell.
    command: [sh, -c, 'echo "hello from worker $PM_WORKER_ID"; exec sleep 60']`,
  "symfony-messenger": `  async:
    # Runs php bin/console messenger:consume async. First things first: the first transport is drained before the next.
    transports: [async]
    # Where bin/console is; the folder pm is started in when absent.
    # cwd: .
    consume_args:
      # The worker ends by itself, in order, after this much memory or time; pm starts a fresh one.
      memory_limit: 128M
      time_limit: 1h`,
};

/** A commented pm.yaml to start from, for a preset or (null) for a plain command. It passes \`pm check\`. */
export function starterConfig(preset: PresetName | null): string {
  return `# What pm keeps running. Check it with \`pm check\`, see all defaults with \`pm config\`, run it with \`pm serve\`.
# Editors complete the keys from a schema: run \`pm schema > pm.schema.json\` and begin this file with
#   "# yaml-language-server: $schema=./pm.schema.json" (without the quotes).
# A number is seconds where a duration is meant; 500ms, 30s, 5m and 1h30m work too. \${VAR} and \${VAR:-default} are
# filled in from the environment.

${commented(farmKeys, ["shutdown_timeout", "total_cap", "http_server"], "")}

consumers:
${firstConsumer[preset ?? "none"]}
    processes: 2
${commented(
  consumerKeys,
  [
    "env",
    "stop_timeout",
    "restart",
    "failure_limit",
    "failure_window",
    "backoff_base",
    "backoff_max",
    "on_failure_limit",
    "max_memory",
    "max_lifetime",
  ],
  "    ",
)}
`;
}

/** What stands for a default that is nothing or that depends on other keys. */
const examples: Readonly<Record<string, string>> = {
  total_cap: "20",
  env: "{ APP_ENV: prod }",
  stop_timeout: "2m",
  on_failure_limit: "park",
  max_memory: "512M",
  max_lifetime: "1d",
};

function commented(keys: Keys, names: readonly string[], indent: string): string {
  return names
    .map((name) => {
      const { kind, fallback, about } = keys[name]!;
      const written = kind.write(fallback);
      const value = examples[name] ?? (typeof written === "string" ? written : flow(written));
      return `${indent}# ${about}\n${indent}# ${name}: ${value}`;
    })
    .join("\n");
}

const flow = (value: unknown): string =>
  JSON.stringify(value)
    .replaceAll('"', "")
    .replaceAll(/([:,])/gu, "$1 ")
    .replace(/^\{(.*)\}$/u, "{ $1 }");

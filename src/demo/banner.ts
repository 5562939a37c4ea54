import type { ConsumerSpec } from "../core/farm/spec.ts";
import type { Scenario } from "./load.ts";

const sights: Readonly<Record<string, string>> = {
  images: "slow work from two queues; plain text, so pm puts a prefix before each line",
  mails: "log JSON, so pm adds worker_id and consumer to each line; replaced when 15 s old",
  reports: "fails: exit code 1, or SIGKILL in the middle of a message; started again with growing delays",
  cleanup: "ends in order after every 4 messages and is started again at once",
};

/** What a running demo is told with. */
export interface BannerFacts {
  readonly name: string;
  readonly scenario: Scenario;
  readonly consumers: readonly ConsumerSpec[];
  /** Of metrics and health: a URL without a path. */
  readonly address: string;
  /** A worker to kill. */
  readonly pid: number;
  /** How pm is called here: `pm`, `dist/pm`. */
  readonly program: string;
}

/** What to look at in the demo, and what to try; lines for a person, each with its newline. */
export function banner({ name, scenario, consumers, address, pid, program }: BannerFacts): string {
  const rows = consumers.map(({ name: consumer, size }) => {
    const workers = size.kind === "static" ? size.processes : size.max;
    return `  ${consumer.padEnd(8)} ${workers} ${workers === 1 ? "worker " : "workers"}  ${sights[consumer] ?? ""}`;
  });
  return [
    "",
    `pm demo ${name}: ${scenario.about}. Ctrl-C stops it.`,
    "",
    ...rows,
    "",
    "Try in another terminal, in a folder without a pm.yaml:",
    "",
    `  ${program} top${" ".repeat(Math.max(1, 14 - program.length))}# the farm live, with keys to restart, scale, pause`,
    `  ${program} scale images 5`,
    `  ${program} events -f`,
    `  curl -s ${address}/metrics | grep messages_processed_total`,
    `  curl -s ${address}/readyz`,
    `  kill -9 ${String(pid).padEnd(9)} # a worker: it comes back, and a message it had in hand counts as lost`,
    `  ${program} init${" ".repeat(Math.max(1, 13 - program.length))}# a pm.yaml of your own`,
    "",
    "",
  ].join("\n");
}

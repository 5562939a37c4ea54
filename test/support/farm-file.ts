import { join } from "node:path";

/** A consumer in the names of pm.yaml. */
export type ConsumerText = Readonly<Record<string, unknown>>;

/**
 * The text of a pm.yaml with these consumers, on a free port; `top` holds further keys of the top level. What stands in it is
 * taken literally: a `$` needs no escape here.
 */
export function farmFile(consumers: Readonly<Record<string, ConsumerText>>, top: ConsumerText = {}): string {
  const farm = { http_server: { port: 0 }, ...top, consumers };
  return JSON.stringify(farm).replaceAll("$", "$$$$"); // JSON is YAML; `$$` is how pm.yaml writes one dollar
}

/** A command line for a small script of the shell. */
export function sh(script: string): readonly string[] {
  return ["sh", "-c", script];
}

/** A command line for a program of test/fixtures, by the Bun that runs the tests. */
export function fixture(name: string, ...args: readonly string[]): readonly string[] {
  return [process.execPath, join(import.meta.dir, "..", "fixtures", name), ...args];
}

/** Restarts soon and always after the same time, so that a test can name the delay. */
export const quickBackoff = { backoff_base: "20ms", backoff_max: "1h", backoff_jitter: 0 } as const;

/** A worker that stays until it is told to stop. */
export const steady: ConsumerText = { command: sh("echo up; exec sleep 1000") };

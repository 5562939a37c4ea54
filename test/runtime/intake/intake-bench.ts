import { RedisClient } from "bun";
import type { TaskSourceSpec } from "../../../src/core/farm/tasks-spec.ts";
import type { Clock } from "../../../src/runtime/host.ts";
import { type Intake, openIntake } from "../../../src/runtime/intake/intake.ts";
import { systemClock } from "../../../src/runtime/system-clock.ts";
import type { RedisServer } from "../../support/redis-server.ts";
import type { FakeInlet } from "./fake-inlet.ts";

export interface Notice {
  readonly level: string;
  readonly message: string;
  readonly context: Readonly<Record<string, string | number>>;
}

export const listSource = (server: RedisServer, changes: Partial<TaskSourceSpec> = {}): TaskSourceSpec => ({
  url: server.dsn,
  shape: { kind: "list", key: "jobs" },
  format: "json",
  maxAttempts: 3,
  deadLetter: "dead",
  reclaimMs: 60_000,
  ...changes,
});

export const streamSource = (server: RedisServer, changes: Partial<TaskSourceSpec> = {}): TaskSourceSpec =>
  listSource(server, { shape: { kind: "stream", key: "jobs", group: "pm", field: "payload" }, ...changes });

/** An intake under test with its notices, and a connection to look into its Redis. */
export class Bench implements AsyncDisposable {
  readonly notices: Notice[] = [];
  readonly intakes: Intake[] = [];
  readonly #client: RedisClient;

  constructor(server: RedisServer) {
    this.#client = new RedisClient(server.dsn.replace("redis:", "redis+unix:"));
  }

  open(source: TaskSourceSpec, inlet: FakeInlet, node = "here", clock: Clock = systemClock): Intake {
    const notice = (level: string, message: string, context: Notice["context"]): number =>
      this.notices.push({ level, message, context });
    const intake = openIntake("thumbs", source, inlet, { clock, node, notice });
    this.intakes.push(intake);
    return intake;
  }

  send(command: string, ...args: readonly string[]): Promise<unknown> {
    return this.#client.send(command, [...args]);
  }

  /** A whole list, left to right. */
  async list(key: string): Promise<string[]> {
    const entries = await this.send("LRANGE", key, "0", "-1");
    return Array.isArray(entries) ? entries.map(String) : [];
  }

  /** Asks until it is so; the test's own time limit is the only one. */
  async until(isSo: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await isSo())) await this.send("PING");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.intakes.map((intake) => intake.stop()));
    this.#client.close();
  }
}

/** The real time, but signs of life come as soon as they can. */
export function soonBeating(): Clock {
  return {
    ...systemClock,
    after: (delayMs, run) => systemClock.after(delayMs === 100_000 ? 1 : delayMs, run),
  };
}

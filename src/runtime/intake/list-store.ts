import type { TaskSourceSpec } from "../../core/farm/tasks-spec.ts";
import type { Settlement } from "../../core/intake/settlement.ts";
import type { Send } from "../../queues/redis.ts";
import type { Clock } from "../host.ts";
import type { Entry, EntryStore } from "./entry-store.ts";
import { beatScript, freeScript, settleScript, takeScript } from "./list-scripts.ts";
import { demandKind } from "./key-kind.ts";
import type { RedisLink } from "./redis-link.ts";
import { type RedisScript, runScript, texts } from "./redis-script.ts";

/** How long a command waits for the next entry before it is given again: a lost connection shows itself then at the latest. */
const blockSeconds = 10;
/** A reply is to come in time over a slow network too. */
const replyBytes = 8 * 1024 * 1024;
/** Sidekiq keeps the dead for six months. */
const graveMs = 180 * 24 * 3_600_000;

/** The right end of a list, where `LPUSH` and Sidekiq put what waits longest. */
export class ListStore implements EntryStore {
  readonly #key: string;
  readonly #spec: TaskSourceSpec;
  readonly #maxBytes: number;
  readonly #clock: Clock;
  readonly #link: RedisLink;
  readonly #keys: { readonly tried: string; readonly held: string; readonly holders: string; readonly ids: string };
  readonly #held = new Set<string>();
  #hasBegun = false;

  /** `holder` tells what this pm holds from what others do. */
  constructor(
    key: string,
    spec: TaskSourceSpec,
    holder: string,
    maxBytes: number,
    ports: { clock: Clock; link: RedisLink },
  ) {
    this.#key = key;
    this.#spec = spec;
    this.#maxBytes = maxBytes;
    this.#clock = ports.clock;
    this.#link = ports.link;
    this.#keys = {
      tried: `${key}:pm:tried`,
      held: `${key}:pm:held:${holder}`,
      holders: `${key}:pm:holders`,
      ids: `${key}:pm:ids`,
    };
  }

  async prepare(send: Send): Promise<void> {
    await demandKind(send, this.#key, "list");
    await demandKind(send, this.#spec.deadLetter, this.#spec.format === "sidekiq" ? "zset" : "list");
    // What another life of this pm was at counts as an attempt; what got lost on its way here was not begun.
    await this.#free(send, this.#keys.held, this.#hasBegun ? 0 : 1, [...this.#held]);
    this.#hasBegun = true;
    await runScript(send, beatScript, [this.#keys.holders, this.#keys.held], [String(this.#spec.reclaimMs)]);
  }

  async take(most: number): Promise<readonly Entry[]> {
    const { tried, held, ids } = this.#keys;
    const keys = [this.#key, tried, held, ids];
    const taken = texts(await this.#run(takeScript, keys, [String(most), String(this.#maxBytes), String(replyBytes)]));
    const entries: Entry[] = [];
    for (let at = 0; at < taken.length; at += 4) {
      const [id = "", attempts, length, text = ""] = taken.slice(at, at + 4);
      const bytes = Number(length);
      entries.push({ id, attempts: Number(attempts), bytes, text: bytes > this.#maxBytes ? null : text });
      this.#held.add(id);
    }
    // From one end to the same end: it waits for an entry, and leaves it to the script.
    if (entries.length === 0)
      await this.#link.wait(
        blockSeconds * 1000,
        "BLMOVE",
        this.#key,
        this.#key,
        "RIGHT",
        "RIGHT",
        String(blockSeconds),
      );
    return entries;
  }

  async settle(id: string, settlement: Settlement): Promise<void> {
    const { held, tried } = this.#keys;
    const { deadLetter } = this.#spec;
    const run = (what: string, keys: readonly string[], ...args: readonly string[]): Promise<unknown> =>
      this.#run(settleScript, [held, ...keys], [id, what, ...args]);
    switch (settlement.do) {
      case "done":
      case "discard":
        await this.#link.run((send) => send("HDEL", held, id));
        break;
      case "back":
        await run("back", [this.#key, tried]);
        break;
      case "again":
        await run("again", [tried]);
        break;
      case "lay_aside":
        await run("aside", [deadLetter], this.#report(settlement));
        break;
      case "retry_at":
        await run("later", [settlement.set], seconds(settlement.atMs), settlement.job);
        break;
      case "bury":
        await run(
          "bury",
          [deadLetter],
          seconds(settlement.atMs),
          settlement.job ?? "",
          seconds(settlement.atMs - graveMs),
        );
        break;
    }
    this.#held.delete(id);
    // What was tried already wakes nobody by itself.
    if (settlement.do === "back" || settlement.do === "again") await this.#link.stir();
  }

  async beat(): Promise<number> {
    const { holders, held } = this.#keys;
    const silent = texts(await this.#run(beatScript, [holders, held], [String(this.#spec.reclaimMs)]));
    let freed = 0;
    for (const other of silent) freed += (await this.#link.run((send) => this.#free(send, other, 1, []))) ?? 0;
    if (freed > 0) await this.#link.stir();
    return freed;
  }

  depth(): Promise<number | null> {
    return this.#link.run(async (send) => {
      const lengths = await Promise.all([send("LLEN", this.#key), send("LLEN", this.#keys.tried)]);
      return lengths.reduce((sum: number, length) => sum + Number(length), 0);
    });
  }

  async leave(): Promise<void> {
    await this.#link.run((send) => this.#free(send, this.#keys.held, 0, []));
  }

  async #free(send: Send, held: string, attempts: number, known: readonly string[]): Promise<number> {
    const keys = [held, this.#key, this.#keys.tried, this.#keys.holders];
    return Number(await runScript(send, freeScript, keys, [String(attempts), ...known]));
  }

  #run(script: RedisScript, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    return this.#link.run((send) => runScript(send, script, keys, args));
  }

  /** What is said about an entry that was laid aside; the entry comes behind it. */
  #report({ error, attempts }: Extract<Settlement, { do: "lay_aside" }>): string {
    const { code, message, details } = error;
    const failedAt = new Date(this.#clock.epochMs()).toISOString();
    const report = { error: { code, message, details }, attempts, queue: this.#key, failed_at: failedAt };
    return `${JSON.stringify(report).slice(0, -1)},"entry":`;
  }
}

function seconds(ms: number): string {
  return String(ms / 1000);
}

import type { TaskSourceShape, TaskSourceSpec } from "../../core/farm/tasks-spec.ts";
import type { Settlement } from "../../core/intake/settlement.ts";
import type { Send } from "../../queues/redis.ts";
import { streamBacklog } from "../../queues/redis-stream.ts";
import type { Clock } from "../host.ts";
import type { Entry, EntryStore } from "./entry-store.ts";
import { demandKind } from "./key-kind.ts";
import type { RedisLink } from "./redis-link.ts";
import { runScript, texts } from "./redis-script.ts";
import { asideScript, claimScript } from "./stream-scripts.ts";

/** See the same in `list-store.ts`. */
const blockMs = 10_000;

/** A stream's group: Redis itself knows what was given to whom, and how often. */
export class StreamStore implements EntryStore {
  readonly #shape: Extract<TaskSourceShape, { kind: "stream" }>;
  readonly #spec: TaskSourceSpec;
  readonly #me: string;
  readonly #maxBytes: number;
  readonly #clock: Clock;
  readonly #link: RedisLink;
  /** Deliveries by id. */
  readonly #held = new Map<string, number>();
  /** There may be entries of this consumer that it does not know of: from its earlier life, failed ones, ones on a lost connection. */
  #hasStrays = true;
  #mayTakeOver = true;
  #takenOver = 0;

  constructor(
    shape: Extract<TaskSourceShape, { kind: "stream" }>,
    spec: TaskSourceSpec,
    me: string,
    maxBytes: number,
    ports: { clock: Clock; link: RedisLink },
  ) {
    this.#shape = shape;
    this.#spec = spec;
    this.#me = me;
    this.#maxBytes = maxBytes;
    this.#clock = ports.clock;
    this.#link = ports.link;
  }

  async prepare(send: Send): Promise<void> {
    const { key, group } = this.#shape;
    await demandKind(send, key, "stream");
    await demandKind(send, this.#spec.deadLetter, "stream");
    try {
      await send("XGROUP", "CREATE", key, group, "0", "MKSTREAM");
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith("BUSYGROUP"))) throw error;
    }
    this.#hasStrays = true;
  }

  async take(most: number): Promise<readonly Entry[]> {
    if (this.#hasStrays) {
      this.#hasStrays = false;
      const own = await this.#claim(most, "own");
      this.#hasStrays ||= own.length === most;
      if (own.length > 0) return own;
    }
    if (this.#mayTakeOver) {
      this.#mayTakeOver = false;
      const others = await this.#claim(most, String(this.#spec.reclaimMs));
      this.#mayTakeOver ||= others.length === most;
      this.#takenOver += others.length;
      if (others.length > 0) return others;
    }
    return this.#next(most);
  }

  async settle(id: string, settlement: Settlement): Promise<void> {
    const { key, group } = this.#shape;
    const deliveries = this.#held.get(id) ?? 1;
    switch (settlement.do) {
      case "done":
      case "discard":
        await this.#link.run((send) => send("XACK", key, group, id));
        break;
      case "back": {
        // As if it had not been delivered this time, and anybody's from now on.
        const words = ["IDLE", String(this.#spec.reclaimMs), "RETRYCOUNT", String(deliveries - 1), "JUSTID"];
        await this.#link.run((send) => send("XCLAIM", key, group, this.#me, "0", id, ...words));
        break;
      }
      case "again":
        break; // It is pending still, and so a stray.
      case "lay_aside":
        await this.#layAside(id, settlement);
        break;
      case "retry_at":
      case "bury":
        break; // Sidekiq has lists only.
    }
    this.#held.delete(id);
    if (settlement.do === "back" || settlement.do === "again") await this.#strayed();
  }

  async beat(): Promise<number> {
    const { key, group } = this.#shape;
    const ids = [...this.#held.keys()];
    if (ids.length > 0) await this.#link.run((send) => send("XCLAIM", key, group, this.#me, "0", ...ids, "JUSTID"));
    this.#mayTakeOver = true;
    const takenOver = this.#takenOver;
    this.#takenOver = 0;
    await this.#link.stir();
    return takenOver;
  }

  depth(): Promise<number | null> {
    return this.#link.run(async (send) => {
      const reading = await streamBacklog(send, this.#shape.key, this.#shape.group);
      return reading.ok ? reading.depth : null;
    });
  }

  /** Whoever claims what this consumer has given back takes it from its list; its name costs nothing. */
  async leave(): Promise<void> {}

  async #strayed(): Promise<void> {
    this.#hasStrays = true;
    await this.#link.stir();
  }

  async #next(most: number): Promise<readonly Entry[]> {
    const { key, group, field } = this.#shape;
    const words = ["GROUP", group, this.#me, "COUNT", String(most), "BLOCK", String(blockMs), "STREAMS", key, ">"];
    const answer: Readonly<Record<string, readonly [string, readonly string[]][]>> = Object(
      await this.#link.wait(blockMs, "XREADGROUP", ...words),
    );
    return (answer[key] ?? []).map(([id, fields]) => {
      const at = fields.findIndex((name, index) => index % 2 === 0 && name === field);
      const text = at === -1 ? "" : (fields[at + 1] ?? "");
      return this.#entry(id, 1, Buffer.byteLength(text), text);
    });
  }

  async #claim(most: number, whose: string): Promise<readonly Entry[]> {
    const { key, group, field } = this.#shape;
    const args = [group, this.#me, String(most), whose, field, String(this.#maxBytes), ...this.#held.keys()];
    const claimed = texts(await this.#link.run((send) => runScript(send, claimScript, [key], args)));
    const entries: Entry[] = [];
    for (let at = 0; at < claimed.length; at += 4) {
      const [id = "", deliveries, length, text = ""] = claimed.slice(at, at + 4);
      entries.push(this.#entry(id, Number(deliveries), Number(length), text));
    }
    return entries;
  }

  #entry(id: string, deliveries: number, bytes: number, text: string): Entry {
    this.#held.set(id, deliveries);
    return { id, attempts: deliveries - 1, bytes, text: bytes > this.#maxBytes ? null : text };
  }

  async #layAside(id: string, { error, attempts }: Extract<Settlement, { do: "lay_aside" }>): Promise<void> {
    const { key, group } = this.#shape;
    const report = {
      pm_error_code: error.code,
      pm_error: error.message,
      ...(error.details === null ? {} : { pm_error_details: error.details }),
      pm_attempts: String(attempts),
      pm_id: id,
      pm_failed_at: new Date(this.#clock.epochMs()).toISOString(),
    };
    const words = Object.entries(report).flat();
    await this.#link.run((send) => runScript(send, asideScript, [key, this.#spec.deadLetter], [group, id, ...words]));
  }
}

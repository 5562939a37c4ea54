import type { FastcgiAddress, FastcgiSpec } from "../../src/core/farm/tasks-spec.ts";
import type { Clock } from "../../src/runtime/host.ts";
import { createFastcgiLane } from "../../src/runtime/tasks/fastcgi-lane.ts";
import type { LaneAnswer } from "../../src/runtime/tasks/lane.ts";

/** A lane that hands out the answer to each of its tasks as a promise. */
export class TestLane implements Disposable {
  readonly problems: string[] = [];
  readonly lane;
  readonly #clock: Clock;
  readonly #answers = new Map<number, (answer: LaneAnswer) => void>();
  #lastId = 0;

  constructor(
    address: FastcgiAddress,
    clock: Clock,
    spec: Partial<FastcgiSpec> = {},
    { maxBytes = 32 * 1024 * 1024, supervised = false } = {},
  ) {
    this.#clock = clock;
    const fastcgi: FastcgiSpec = {
      address: supervised ? null : address,
      connections: 1,
      script: "/app/task.php",
      params: {},
      ...spec,
    };
    const owner = {
      answered: (id: number, answer: LaneAnswer): void => {
        const settle = this.#answers.get(id);
        if (settle === undefined) throw new Error(`task ${id} was answered twice`);
        this.#answers.delete(id);
        settle(answer);
      },
      problem: (kind: string, excerpt: string): void => void this.problems.push(`${kind}: ${excerpt}`),
      broken: (): void => {},
    };
    this.lane = createFastcgiLane(address, { consumer: "thumbs", maxBytes, fastcgi }, owner, clock);
  }

  /** The id that the last task got. */
  get lastId(): number {
    return this.#lastId;
  }

  /** The payload is made JSON. */
  run(payload: unknown, timeoutMs = 60_000): Promise<LaneAnswer> {
    const { promise, resolve } = Promise.withResolvers<LaneAnswer>();
    this.#answers.set(++this.#lastId, resolve);
    this.lane.send(this.#lastId, JSON.stringify(payload), this.#clock.nowMs() + timeoutMs);
    return promise;
  }

  [Symbol.dispose](): void {
    this.lane.close();
  }
}

import type { Load } from "../core/scaling/load.ts";
import { LoadMeter } from "../core/scaling/load-meter.ts";
import type { Clock } from "./host.ts";
import type { Worker } from "./worker.ts";

/** What the workers of a consumer have done since somebody asked last. */
export class ConsumerLoad {
  /** The workers write it. */
  readonly meter: LoadMeter;
  readonly #clock: Clock;
  #measuredAtMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#measuredAtMs = clock.nowMs();
    this.meter = new LoadMeter(this.#measuredAtMs);
  }

  /** Measures, and begins anew. Of the workers only those that count as the consumer's size; one younger than `warmUpMs` is none yet. */
  take(
    active: readonly Worker[],
    warmUpMs: number,
  ): Pick<Load, "busy" | "throughput" | "serviceSeconds" | "warmingUp" | "slotsPerWorker"> {
    const nowMs = this.#clock.nowMs();
    const { busy, messages, serviceSeconds } = this.meter.take(nowMs);
    const seconds = (nowMs - this.#measuredAtMs) / 1000;
    this.#measuredAtMs = nowMs;
    const isWarmingUp = ({ runningSinceMs }: Worker): boolean =>
      runningSinceMs !== null && nowMs - runningSinceMs < warmUpMs;
    return {
      busy,
      throughput: seconds > 0 ? messages / seconds : 0,
      serviceSeconds,
      warmingUp: active.filter(isWarmingUp).length,
      slotsPerWorker: Math.max(1, ...active.map(({ slots }) => slots)),
    };
  }
}

import type { ConsumerSpec, SignalName } from "../core/farm/spec.ts";
import type { ConsumeArgs } from "./consumer-keys.ts";
import { formatSize } from "./size.ts";

/** A framework that pm knows how to run. */
export type PresetName = NonNullable<ConsumerSpec["preset"]>;

/** The conventions of one framework. */
export interface Preset {
  /** argv of a worker that consumes `transports`, in their order. */
  command(transports: readonly string[], args: ConsumeArgs | null): readonly string[];
  readonly stopSignal: SignalName;
  /** Exit codes that count as success beside 0. */
  readonly successCodes: readonly number[];
}

/** Every framework; a further one is a row here and a word of the key `preset`. */
export const presets: Readonly<Record<PresetName, Preset>> = {
  "symfony-messenger": { command: messengerConsume, stopSignal: "SIGTERM", successCodes: [] },
};

function messengerConsume(transports: readonly string[], args: ConsumeArgs | null): readonly string[] {
  return [
    "php",
    "bin/console",
    "messenger:consume",
    ...transports,
    ...(args === null
      ? []
      : [
          // Messenger takes a number without a unit for bytes, and knows K, M and G but not KiB.
          ...option("memory-limit", args.memory_limit === null ? null : formatSize(args.memory_limit)),
          ...option("time-limit", seconds(args.time_limit)),
          ...option("limit", args.limit),
          ...option("sleep", seconds(args.sleep)),
          ...args.queues.flatMap((queue) => option("queues", queue)),
          ...args.extra,
        ]),
  ];
}

const option = (name: string, value: string | number | null): string[] =>
  value === null ? [] : [`--${name}=${value}`];

const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000);

/** Whether `name` is one of `presets`. */
export function isPresetName(name: string): name is PresetName {
  return Object.hasOwn(presets, name);
}

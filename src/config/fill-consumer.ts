import { isAbsolute, join } from "node:path";
import type { ReadText } from "./accounts.ts";
import type { ConsumerValues } from "./consumer-keys.ts";
import type { Shape } from "./document.ts";
import { readEnvFiles } from "./env-files.ts";
import type { FarmValues } from "./farm-keys.ts";
import type { Findings } from "./findings.ts";
import type { Path } from "./issue.ts";
import { presets, type PresetName } from "./presets.ts";
import { fillTasks } from "./task-spec.ts";

/** What `transports` without `command` means. */
const impliedPreset: PresetName = "symfony-messenger";

/** Where the file stands, which decides some defaults. */
export interface Surroundings {
  readonly shape: Shape;
  /** Of the file; paths inside it are relative to this. Absolute. */
  readonly directory: string;
  /** Where workers run by default. Absolute. */
  readonly workingDirectory: string;
  readonly read: ReadText;
}

/** A consumer in which nothing is left to fill in; `argv` is the command that really runs. */
export type FilledConsumer = ReturnType<typeof fillConsumer>;

/** Fills in every default of a consumer that depends on other keys or on where the file stands. */
export function fillConsumer(
  values: ConsumerValues,
  farm: FarmValues,
  { shape, directory, workingDirectory, read }: Surroundings,
  path: Path,
  findings: Findings,
) {
  const tasks = values.tasks === null ? null : fillTasks(values.tasks);
  // The work is done by a server that is there already.
  const runsNothing = (tasks?.address ?? null) !== null;
  const preset = values.command === null && !runsNothing ? (values.preset ?? impliedPreset) : null;
  const fromFiles = readEnvFiles(values.env_file ?? [], directory, read, [...path, "env_file"], findings);
  const argv = preset === null ? [] : presets[preset].command(values.transports ?? [], values.consume_args);
  return {
    ...values,
    argv: values.command ?? argv,
    preset,
    tasks,
    processes: values.autoscaler === null && !runsNothing ? (values.processes ?? 1) : null,
    cwd: values.cwd === null ? workingDirectory : isAbsolute(values.cwd) ? values.cwd : join(directory, values.cwd),
    env: new Map([...fromFiles, ...values.env]),
    env_file: null,
    stop_signal: values.stop_signal ?? (preset === null ? "SIGTERM" : presets[preset].stopSignal),
    stop_timeout: values.stop_timeout ?? farm.shutdown_timeout,
    on_failure_limit: values.on_failure_limit ?? (shape === "bundle" ? "exit" : "retry"),
    logs: {
      format: values.logs.format ?? farm.logs.format,
      fields: new Map([...farm.logs.fields, ...values.logs.fields]),
      max_line: values.logs.max_line ?? farm.logs.max_line,
      partial_flush: values.logs.partial_flush ?? farm.logs.partial_flush,
    },
  };
}

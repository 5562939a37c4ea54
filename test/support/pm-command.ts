import { join } from "node:path";
import type { FarmStatus } from "../../src/protocol/control-api.ts";
import { Lines, pmBinary, type PmProcess } from "./pm-process.ts";

/** What a command of pm has come to. */
export interface CommandRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs beside the test. `await using` kills it. */
export class RunningCommand implements AsyncDisposable {
  readonly process: Bun.Subprocess<"ignore", "pipe", "pipe">;
  readonly stdout: Lines;
  readonly stderr: Lines;

  constructor(farm: PmProcess, args: readonly string[]) {
    this.process = Bun.spawn([pmBinary, ...args], {
      cwd: farm.folder,
      env: { ...process.env, PM_SOCKET: socketOf(farm) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.stdout = new Lines(this.process.stdout);
    this.stderr = new Lines(this.process.stderr);
  }

  /** Its end. */
  async ended(): Promise<CommandRun> {
    const exitCode = await this.process.exited;
    await Promise.all([this.stdout.ended, this.stderr.ended]);
    return { exitCode, stdout: this.stdout.all.join("\n"), stderr: this.stderr.all.join("\n") };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill("SIGKILL");
    await this.process.exited;
  }
}

/** For the top level of a pm.yaml: puts the control socket beside the file, where `command` looks for it. */
export const ownSocket = { control: { socket: "pm.sock" } } as const;

function socketOf(farm: PmProcess): string {
  return join(farm.folder, "pm.sock");
}

/** Runs a command against this farm; the text of its streams is without the last newline. */
export async function command(farm: PmProcess, ...args: readonly string[]): Promise<CommandRun> {
  await farm.record("Control socket listening.");
  await using running = new RunningCommand(farm, args);
  return await running.ended();
}

/** What `pm status --json` tells. */
export async function statusOf(farm: PmProcess): Promise<FarmStatus> {
  return JSON.parse((await command(farm, "status", "--json")).stdout);
}

/** The pids of a consumer's workers by slot, null where none runs. */
export async function pidsOf(farm: PmProcess, consumer: string): Promise<readonly (number | null)[]> {
  const found = (await statusOf(farm)).consumers.find((each) => each.consumer === consumer);
  return found?.workers.map(({ pid }) => pid) ?? [];
}

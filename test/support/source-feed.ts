import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { type ConsumerText, sh } from "./farm-file.ts";
import type { PmProcess } from "./pm-process.ts";

/** `source` of a pm.yaml: takes each line that is fed to it as a document. */
export const feedSource = { command: sh("touch feed; exec tail -n +1 -s 0.01 -f feed"), mode: "push" } as const;

/** A worker that says which consumer it is of and which process, and stays. */
export function telling(changes: ConsumerText = {}): ConsumerText {
  return { command: sh('echo "$PM_CONSUMER runs as $$"; exec sleep 1000'), ...changes };
}

/** The program of `feedSource` prints a document with these consumers. */
export function feed(pm: PmProcess, consumers: Readonly<Record<string, unknown>>): void {
  feedLine(pm, JSON.stringify({ consumers }));
}

/** It prints this line. */
export function feedLine(pm: PmProcess, line: string): void {
  appendFileSync(join(pm.folder, "feed"), `${line}\n`);
}

/** The pids of all processes of a telling consumer so far, once there are so many. */
export async function pidsOf(pm: PmProcess, consumer: string, count: number): Promise<number[]> {
  const beginning = `${consumer}] ${consumer} runs as `;
  await pm.stdout.count((line) => line.includes(beginning), count);
  return pm.stdout.all.filter((line) => line.includes(beginning)).map((line) => Number(line.split(beginning)[1]));
}

import type { ReadText } from "../config/accounts.ts";

/** A file of another supervisor, and what its meaning depends on. */
export interface Origin {
  /** As the user wrote it, or `stdin`; losses show it so. */
  readonly file: string;
  readonly text: string;
  /** Absolute folder of the file. */
  readonly here: string;
  /** Absolute folder that pm was started in, where the pm.yaml is taken to be written. */
  readonly cwd: string;
  /** Processors of this machine, for what was sized by them. */
  readonly processors: number;
  /** Reads another file by its absolute path, or null when there is none. */
  readonly read: ReadText;
  /** Absolute paths of the files that an absolute pattern with * and ? matches, in alphabetical order. */
  readonly find: (pattern: string) => readonly string[];
  /** Workers by name of the process, for a Procfile. */
  readonly formation: ReadonlyMap<string, number>;
}

/** Where something stood. Lines count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

/** Something that has no equal in pm. */
export interface Loss extends Place {
  /** Its name there; several, parted by commas, when one sentence holds for all of them. */
  readonly key: string;
  /** What it did there, and what to do in pm. */
  readonly text: string;
}

/** A value of a pm.yaml; texts may hold the marks of `marks.ts`. */
export type YamlValue = string | number | boolean | readonly YamlValue[] | { readonly [name: string]: YamlValue };

/** A consumer that came out of another supervisor's file. */
export interface ImportedConsumer {
  readonly name: string;
  /** What it was there, such as `[program:mail] in app.conf`. */
  readonly title: string;
  readonly keys: ReadonlyMap<string, YamlValue>;
  /** Remarks by key. */
  readonly remarks: ReadonlyMap<string, string>;
  readonly losses: readonly Loss[];
}

/** All that came out of a file. */
export interface Imported {
  /** Keys of the farm, without `consumers`. */
  readonly farm: ReadonlyMap<string, YamlValue>;
  readonly consumers: readonly ImportedConsumer[];
  /** What belongs to no consumer. */
  readonly losses: readonly Loss[];
}

/** A loss in one line: `file:line: key: what it did there, what to do in pm`. */
export function formatLoss({ file, line, key, text }: Loss): string {
  return `${file}:${line}: ${key}: ${text}`.replaceAll(/\p{Cc}+/gu, " ");
}

/** All losses of a file, those of the farm first, then by consumer. */
export function allLosses({ losses, consumers }: Imported): Loss[] {
  return [...losses, ...consumers.flatMap((consumer) => consumer.losses)];
}

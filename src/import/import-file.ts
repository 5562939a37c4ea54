import { basename, extname } from "node:path";
import { Draft } from "./draft.ts";
import { finish } from "./finish.ts";
import type { Imported, Origin } from "./imported.ts";
import { importPm2, looksLikePm2 } from "./pm2.ts";
import { importProcfile, looksLikeProcfile } from "./procfile.ts";
import { importSupervisord, looksLikeSupervisord } from "./supervisord.ts";
import { importSymfony, looksLikeSymfony } from "./symfony.ts";
import { importSystemd, looksLikeSystemd } from "./systemd.ts";

interface Format {
  readonly import: (draft: Draft, origin: Origin) => void;
  /** Whether a file of this name and text is one. */
  readonly fits: (name: string, text: string) => boolean;
}

/** Every kind of file; of several that fit, the first counts. */
const formats = {
  systemd: {
    import: importSystemd,
    fits: (name, text) => extname(name) === ".service" || looksLikeSystemd(text),
  },
  supervisord: {
    import: importSupervisord,
    fits: (_, text) => looksLikeSupervisord(text),
  },
  symfony: {
    import: importSymfony,
    fits: (name, text) => /^(?:\.ya?ml|)$/u.test(extname(name)) && looksLikeSymfony(text),
  },
  pm2: {
    import: importPm2,
    fits: (name, text) => /^\.(?:json|[cm]?js|ya?ml|)$/u.test(extname(name)) && looksLikePm2(text),
  },
  procfile: {
    import: importProcfile,
    fits: (name, text) => name.startsWith("Procfile") || (extname(name) === "" && looksLikeProcfile(text)),
  },
} as const satisfies Readonly<Record<string, Format>>;

/** The name of a kind of file that pm import reads. */
export type FormatName = keyof typeof formats;

/** Their names, as `--format` takes them. */
export const formatNames = Object.keys(formats);

/** Whether `name` is one of `formatNames`. */
export function isFormatName(name: string): name is FormatName {
  return Object.hasOwn(formats, name);
}

/** The kind of a file by its name and what is in it, or null. */
export function formatOf(file: string, text: string): FormatName | null {
  const name = basename(file);
  return formatNames.filter(isFormatName).find((format) => formats[format].fits(name, text)) ?? null;
}

/** What pm makes of a file. Never fails: what cannot be read is among the losses. */
export function importFile(format: FormatName, origin: Origin): Imported {
  const draft = new Draft();
  formats[format].import(draft, origin);
  return finish(draft);
}

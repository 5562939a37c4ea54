import { parseConfig, type ConfigResult } from "../../src/config/parse.ts";
import { importFile, type FormatName } from "../../src/import/import-file.ts";
import { allLosses, formatLoss, type Imported, type Origin } from "../../src/import/imported.ts";
import { writePmYaml } from "../../src/import/write-pm-yaml.ts";

/** The names these files have where they come from. */
const files: Readonly<Record<FormatName, string>> = {
  supervisord: "app.conf",
  procfile: "Procfile",
  pm2: "ecosystem.config.js",
  systemd: "app.service",
  symfony: "symfony_process_manager.yaml",
};

/** What pm makes of a text, as if it lay in /srv/app on a machine with four processors and pm were started there. */
export function importText(format: FormatName, text: string, given: Partial<Origin> = {}): Imported {
  return importFile(format, {
    file: files[format],
    text,
    here: "/srv/app",
    cwd: "/srv/app",
    processors: 4,
    read: () => null,
    find: () => [],
    formation: new Map(),
    ...given,
  });
}

/** The keys of the only consumer of a text. */
export function keysOf(format: FormatName, text: string, given?: Partial<Origin>): Record<string, unknown> {
  return Object.fromEntries(importText(format, text, given).consumers[0]?.keys ?? []);
}

/** All losses of a text, one a line. */
export function lossesOf(format: FormatName, text: string, given?: Partial<Origin>): string[] {
  return allLosses(importText(format, text, given)).map(formatLoss);
}

/** The pm.yaml of a text without its comments. */
export function yamlOf(format: FormatName, text: string, given?: Partial<Origin>): string {
  return writePmYaml(importText(format, text, given), "x").replaceAll(/(?:^ *| )#.*$\n?/gmu, "");
}

/** What pm says of that pm.yaml. */
export function checked(
  format: FormatName,
  text: string,
  env: Readonly<Record<string, string>> = {},
  given?: Partial<Origin>,
): ConfigResult {
  const passwd = "root:x:0:0::/root:/bin/sh\nwww-data:x:33:33::/:/bin/sh\n";
  const group = "root:x:0:\nwww-data:x:33:\n";
  return parseConfig({
    text: writePmYaml(importText(format, text, given), "x"),
    file: "/srv/app/pm.yaml",
    env,
    cwd: "/srv/app",
    read: (path) => (path === "/etc/passwd" ? passwd : path === "/etc/group" ? group : null),
  });
}

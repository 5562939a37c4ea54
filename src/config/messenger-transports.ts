import { join } from "node:path";
import { parse } from "yaml";
import type { ReadText } from "./accounts.ts";
import type { Findings } from "./findings.ts";
import type { Path } from "./issue.ts";
import { nearest } from "./suggest.ts";

/** Warns of transports which the messenger.yaml of the application does not define; says nothing when there is none. */
export function checkTransports(
  transports: readonly string[],
  projectDirectory: string,
  read: ReadText,
  path: Path,
  findings: Findings,
): void {
  const text = read(join(projectDirectory, "config", "packages", "messenger.yaml"));
  const known = text === null ? null : definedTransports(text);
  if (known === null) return;
  transports.forEach((transport, index) => {
    // Symfony's scheduler makes its transports by itself.
    if (known.has(transport) || transport.startsWith("scheduler_")) return;
    const place = findings.given([...path, index]) ? [...path, index] : path;
    const near = findings.hidden(place) ? null : nearest(transport, known);
    const advice = near === null ? `it defines ${[...known].join(", ")}` : `did you mean ${near}?`;
    findings.warn(
      place,
      `${findings.show(place, transport)} is not defined in config/packages/messenger.yaml; ${advice}`,
    );
  });
}

/** Every name under framework.messenger.transports, those of single environments too; null when there are none. */
function definedTransports(text: string): ReadonlySet<string> | null {
  let file: unknown;
  try {
    file = parse(text, { logLevel: "silent", mapAsMap: true });
  } catch {
    // That file is Symfony's to complain about.
    return null;
  }
  const parts = [
    file,
    ...(file instanceof Map
      ? [...file].filter(([name]) => String(name).startsWith("when@")).map(([, each]) => each)
      : []),
  ];
  const names = parts.flatMap((part) => {
    const transports = ["framework", "messenger", "transports"].reduce<unknown>(
      (value, name) => (value instanceof Map ? value.get(name) : undefined),
      part,
    );
    return transports instanceof Map ? [...transports.keys()].map(String) : [];
  });
  return names.length === 0 ? null : new Set(names);
}

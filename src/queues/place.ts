import { basename } from "node:path";
import type { QueueSpec } from "../core/farm/scaling-spec.ts";

/** A source in a few words for people: its kind and where it is, never how to get in. */
export function placeOf(spec: QueueSpec): string {
  switch (spec.kind) {
    case "redis":
      return `redis ${spec.shape.replace("_", " ")} ${spec.key} at ${hostOf(spec.url)}`;
    case "sql":
      return `sql at ${hostOf(spec.url)}`;
    case "rabbitmq":
      return `rabbitmq queue ${spec.queue} at ${hostOf(spec.url)}`;
    case "prometheus":
      return `prometheus at ${hostOf(spec.url)}`;
    case "http":
      return `http at ${hostOf(spec.url)}`;
    case "command":
      return `command ${basename(spec.command[0] ?? "")}`;
  }
}

/** Host and port of a URL, or the file or socket it names. The paths of other URLs may be secrets. */
function hostOf(text: string): string {
  const url = /^([a-z][a-z0-9+.-]*):(?:\/\/)?([^/?#]*)([^?#]*)(.*)$/isu.exec(text);
  const [, scheme = "", authority = "", path = "", rest = ""] = url ?? [];
  // Somebody forgot to escape a password, maybe: then nobody can say where it ends.
  if ((path + rest).includes("@")) return "an address with an @ in it";
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  const isFile = /^(?:sqlite|file|redis\+(?:tls\+)?unix)$/iu.test(scheme);
  if (isFile || host === "") return host === "localhost" ? path : host + path;
  return host;
}

import { constants } from "node:os";
import type { SignalName } from "../core/farm/spec.ts";
import type { Kind } from "./kind.ts";
import { orFilledIn } from "./scalars.ts";
import { nearest } from "./suggest.ts";

const isSignalName = (name: string): name is SignalName => Object.hasOwn(constants.signals, name);

const expected = "the name of a signal such as TERM, INT or QUIT";

/** A signal that asks a worker to stop, with or without SIG, in either case. */
export const stopSignal: Kind<SignalName> = {
  read(value, path, findings) {
    if (typeof value === "number") {
      const named = Object.entries(constants.signals).find(([, number]) => number === value)?.[0];
      return findings.mismatch(path, value, expected, named === undefined ? undefined : `write ${short(named)}`);
    }
    if (typeof value !== "string") return findings.mismatch(path, value, expected);
    const name = `SIG${value.trim().toUpperCase().replace(/^SIG/u, "")}`;
    if (name === "SIGKILL" || name === "SIGSTOP") {
      const why = "cannot be caught, so no worker could finish its work";
      return findings.error(path, `${name} ${why}; use TERM, INT or QUIT (pm sends KILL by itself after stop_timeout)`);
    }
    if (isSignalName(name)) return name;
    const near = findings.hidden(path) ? null : nearest(name, Object.keys(constants.signals));
    return findings.mismatch(path, value, expected, near === null ? undefined : `did you mean ${short(near)}?`);
  },
  write: short,
  schema: orFilledIn({ type: "string", pattern: "^(SIG|sig)?[A-Za-z0-9]+$" }),
};

function short(name: string): string {
  return name.replace(/^SIG/u, "");
}

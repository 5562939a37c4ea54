import type { ControlClient } from "../../surface/control/client.ts";
import { exitCodes, outcome, type Outcome } from "../outcome.ts";

/** Which farm a command means; null where nothing was said. */
export interface Where {
  /** `--socket` */
  readonly socket: string | null;
  /** `--file`, a pm.yaml. */
  readonly file: string | null;
}

/** A running pm, or what to tell the user: exit code 69. */
export type Connected =
  | { readonly ok: true; readonly client: ControlClient }
  | { readonly ok: false; readonly outcome: Outcome };

/** How a command reaches its pm; tests put another one in its place. */
export type Connect = (where: Where) => Promise<Connected>;

/** Finds the socket and connects to it. */
export const connect: Connect = async ({ socket, file }) => {
  const { findSocket } = await import("../../surface/control/find-socket.ts");
  const { reach } = await import("../../surface/control/client.ts");
  const found = await findSocket({
    socket,
    file,
    cwd: process.cwd(),
    // A file that was named says more than a variable that was set once.
    env: file === null ? process.env : { ...process.env, PM_SOCKET: undefined },
    uid: process.getuid?.() ?? 0,
  });
  if (!found.ok) return unreachable(found.message);
  const reached = await reach(found.path);
  return reached.ok ? reached : unreachable(reached.message);
};

function unreachable(message: string): Connected {
  return { ok: false, outcome: outcome(exitCodes.unreachable, [], [`pm: ${message}`]) };
}

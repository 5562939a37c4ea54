import { resolve } from "node:path";
import type { FarmSpec } from "../../core/farm/spec.ts";
import { claimSocket, type SocketClaim } from "../../surface/control/socket-claim.ts";
import { chooseSocket } from "../../surface/control/socket-folder.ts";

/** A control socket that is this pm's own to make. */
export interface ClaimedControl {
  readonly socket: string;
  readonly claim: SocketClaim;
}

/** Why there is no control socket; null when that is what the user wants. */
export interface NoControl {
  readonly off: string | null;
}

/**
 * Makes sure of the control socket before anything is started; it is served later. `socket` is where it is to be instead of where the
 * file says, null when nobody said. A text is the one line to say when another pm has it, which must not be run beside.
 */
export async function claimControl(
  { control, file }: FarmSpec,
  wished: string | null,
): Promise<ClaimedControl | NoControl | string> {
  const named = wished ?? (process.env["PM_SOCKET"] || null); // set but empty is unset
  if (control === null && named === null) return { off: null };
  const uid = process.getuid?.() ?? 0;
  const socket = named === null ? (control?.socket ?? chooseSocket(file, process.env, uid)) : resolve(named);
  if (socket === null) return { off: "no folder for it can be written to; name one with --socket or control.socket" };
  const claim = await claimSocket(socket);
  if (claim.ok) return { socket, claim };
  return claim.reason === "taken" ? claim.message : { off: claim.message };
}

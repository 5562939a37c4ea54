import { failed, type QueueReading } from "./queue.ts";
import type { Send } from "./redis.ts";

/** Entries looked at on either side of the group's position when the server does not know its lag; they come with their bodies. */
const mostEntries = 256;

interface Group {
  readonly name: string;
  readonly lastId: string;
  readonly pending: number;
  /** Null when the server cannot tell, and before Redis 7. */
  readonly lag: number | null;
}

/**
 * The entries the group has not been given yet. What was given and not acknowledged is being handled (or stuck), and a busy
 * worker's message must not ask for a second worker. No stream or no such group: nothing was ever sent, so 0.
 *
 * Redis 7 counts this itself as `lag`, but gives it up when entries were deleted beside ones that are still there: the
 * normal case with Symfony Messenger, which deletes a message once it is handled while older ones are still at work. Then
 * the entries on one side of the group's position are counted: those given out and still there are few with a consumer that deletes,
 * and the stream's length tells the rest; those not given out yet are few when there is little to do. Only when there are many on
 * both sides it is an estimate: the length without what is pending.
 */
export async function streamBacklog(send: Send, key: string, name: string): Promise<QueueReading> {
  const groups = await groupsOf(send, key);
  if (groups === null) return failed(`XINFO GROUPS ${key} gave an answer that pm does not understand`);
  const group = groups.find((each) => each.name === name);
  if (group === undefined) return { ok: true, depth: 0 };
  const length = Number(await send("XLEN", key));
  if (group.lag !== null) return { ok: true, depth: Math.min(Math.max(0, group.lag), length) };

  const given = await entries(send, key, "-", group.lastId);
  if (given < mostEntries) return { ok: true, depth: Math.max(0, length - given) };
  const waiting = await entries(send, key, idAfter(group.lastId), "+");
  if (waiting < mostEntries) return { ok: true, depth: waiting };
  return { ok: true, depth: Math.max(waiting, length - group.pending) };
}

async function groupsOf(send: Send, key: string): Promise<Group[] | null> {
  try {
    const groups = await send("XINFO", "GROUPS", key);
    return Array.isArray(groups) ? groups.map(toGroup) : null;
  } catch (error) {
    if (error instanceof Error && error.message.includes("no such key")) return [];
    throw error;
  }
}

function toGroup(entry: unknown): Group {
  const fields: Record<string, unknown> = Object(entry);
  const lag = fields["lag"];
  return {
    name: String(fields["name"]),
    lastId: String(fields["last-delivered-id"]),
    pending: Number(fields["pending"]),
    lag: typeof lag === "number" ? lag : null,
  };
}

/** How many entries there are from one id to another, up to the most that are looked at. */
async function entries(send: Send, key: string, from: string, to: string): Promise<number> {
  const found = await send("XRANGE", key, from, to, "COUNT", String(mostEntries));
  return Array.isArray(found) ? found.length : 0;
}

/** Redis before 6.2 has no exclusive ranges. */
function idAfter(id: string): string {
  const [ms = "0", sequence = "0"] = id.split("-");
  return `${ms}-${BigInt(sequence) + 1n}`;
}

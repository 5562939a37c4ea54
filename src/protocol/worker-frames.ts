import type { MessageFact } from "../core/farm/events.ts";

/**
 * Worker protocol, version 1: one JSON object a line on descriptor 3, both ways, UTF-8, at most 64 KiB.
 * What follows reads frames of workers in any language, so nothing in them is trusted.
 */

/** Longest frame, newline not counted. */
export const maxFrameBytes = 65_536;

/** What a worker tells pm. */
export type WorkerFrame =
  | { readonly type: "ready" }
  | ({ readonly type: "message" } & MessageFact)
  | { readonly type: "slots"; readonly busy: number; readonly total: number }
  | { readonly type: "pong" }
  | { readonly type: "progress" };

/** What pm tells a worker. */
export const pingFrame = '{"type":"ping"}\n';
export const drainFrame = '{"type":"drain"}\n';

/** Longest text taken from a frame for a label or a log; longer ones are cut. */
const maxTextLength = 500;

/** Reads one line; `malformed` is not JSON or lacks what its type needs, `unknown_type` is for a later version of the protocol. */
export function parseWorkerFrame(line: string): WorkerFrame | "malformed" | "unknown_type" {
  const frame = parseObject(line);
  if (frame === null) return "malformed";
  switch (frame["type"]) {
    case "ready":
    case "pong":
    case "progress":
      return { type: frame["type"] };
    case "slots":
      return parseSlots(frame);
    case "message": {
      const fact = parseMessageFact(frame, "class");
      return fact === null ? "malformed" : { type: "message", ...fact };
    }
    default:
      return typeof frame["type"] === "string" ? "unknown_type" : "malformed";
  }
}

/** The object a line holds, or null. */
export function parseObject(line: string): Readonly<Record<string, unknown>> | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null; // the caller counts it
  }
  return isObject(value) ? value : null;
}

/** True for a JSON object, not for a list or null. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a frame says of a message, or null when it lacks what it needs. `classKey` is where the message's class stands. */
export function parseMessageFact(frame: Readonly<Record<string, unknown>>, classKey: string): MessageFact | null {
  const { event, transport, id } = frame;
  const messageClass = frame[classKey];
  if (event !== "received" && event !== "handled" && event !== "failed" && event !== "retried") return null;
  if (!isText(transport) || !isText(messageClass)) return null;
  const duration = frame["duration_seconds"];
  const errorClass = frame["error_class"];
  return {
    event,
    transport: transport.slice(0, maxTextLength),
    class: messageClass.slice(0, maxTextLength),
    id: isText(id) ? id : typeof id === "number" ? String(id) : null,
    durationSeconds: typeof duration === "number" && duration >= 0 && Number.isFinite(duration) ? duration : null,
    errorClass: isText(errorClass) ? errorClass.slice(0, maxTextLength) : null,
  };
}

function parseSlots(frame: Readonly<Record<string, unknown>>): WorkerFrame | "malformed" {
  const { busy, total } = frame;
  if (!isCount(busy) || !isCount(total) || total === 0 || busy > total) return "malformed";
  return { type: "slots", busy, total };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

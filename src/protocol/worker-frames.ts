import * as v from "valibot";
import type { MessageFact } from "../core/farm/events.ts";
import { memberText, onOneLine } from "./json-member.ts";

/**
 * Worker protocol, version 1: one JSON object a line on descriptor 3, both ways, UTF-8, at most 64 KiB.
 * What is read here comes from workers in any language, so nothing in it is trusted.
 */

/** Longest frame, newline not counted. */
export const maxFrameBytes = 65_536;

/** What pm tells a worker. */
export const pingFrame = '{"type":"ping"}\n';
export const drainFrame = '{"type":"drain"}\n';

/** Longest text taken from a frame for a label or a log; longer ones are cut. */
const maxTextLength = 500;

const text = v.pipe(
  v.string(),
  v.nonEmpty(),
  v.transform((value) => value.slice(0, maxTextLength)),
);
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const callId = v.union([
  v.pipe(v.string(), v.nonEmpty(), v.maxLength(maxTextLength)),
  v.pipe(v.number(), v.safeInteger()),
]);
const messageId = v.union([v.pipe(v.string(), v.nonEmpty()), v.pipe(v.number(), v.transform(String))]);

/** What a worker reports on a message. What can be left out does no harm either when it makes no sense. */
const report = {
  event: v.picklist(["received", "handled", "failed", "retried"]),
  transport: text,
  id: v.optional(v.fallback(v.nullable(messageId), null), null),
  duration_seconds: v.optional(v.fallback(v.nullable(v.pipe(v.number(), v.finite(), v.minValue(0))), null), null),
  error_class: v.optional(v.fallback(v.nullable(text), null), null),
};
const bundleReport = v.object({ ...report, command: text });

const frame = v.variant("type", [
  v.object({ type: v.picklist(["ready", "pong", "progress"]) }),
  v.pipe(
    v.object({ type: v.literal("slots"), busy: count, total: v.pipe(count, v.minValue(1)) }),
    v.check(({ busy, total }) => busy <= total),
  ),
  v.object({ ...report, type: v.literal("message"), class: text }),
  v.object({
    type: v.literal("call"),
    id: callId,
    consumer: v.pipe(v.string(), v.nonEmpty(), v.maxLength(maxTextLength)),
    payload: v.unknown(),
    timeout_seconds: v.optional(v.fallback(v.nullable(v.pipe(v.number(), v.gtValue(0), v.finite())), null), null),
  }),
  v.object({ type: v.literal("cancel"), id: callId }),
]);
const knownTypes = new Set(["ready", "pong", "progress", "slots", "message", "call", "cancel"]);

/** What a worker tells pm. */
export type WorkerFrame =
  | { readonly type: "ready" | "pong" | "progress" }
  | { readonly type: "slots"; readonly busy: number; readonly total: number }
  | ({ readonly type: "message" } & MessageFact)
  | WorkerCall
  /** It does not wait for this call any more; `id` as in `WorkerCall`. */
  | { readonly type: "cancel"; readonly id: string };

/** A task that a worker hands to another consumer. */
export interface WorkerCall {
  readonly type: "call";
  /** The worker's own name for it: a JSON text, which the answer repeats. */
  readonly id: string;
  readonly consumer: string;
  /** JSON text on one line. */
  readonly payload: string;
  /** Whole, at least 1; null takes that of the consumer. */
  readonly timeoutMs: number | null;
}

/** Reads one line; `malformed` is not JSON or lacks what its type needs, `unknown_type` is for a later version of the protocol. */
export function parseWorkerFrame(line: string): WorkerFrame | "malformed" | "unknown_type" {
  const value = parseJson(line);
  const parsed = v.safeParse(frame, value);
  if (parsed.success) {
    const { output } = parsed;
    if (output.type === "call") return toCall(line, output);
    if (output.type === "cancel") return { type: "cancel", id: JSON.stringify(output.id) };
    return output.type === "message" ? { type: "message", ...toFact(output, output.class) } : output;
  }
  const named = v.safeParse(v.object({ type: v.string() }), value);
  return named.success && !knownTypes.has(named.output.type) ? "unknown_type" : "malformed";
}

/** What the bundle's payload says of a message, or null when it lacks what it needs. */
export function parseBundleReport(payload: unknown): MessageFact | null {
  const parsed = v.safeParse(bundleReport, payload);
  return parsed.success ? toFact(parsed.output, parsed.output.command) : null;
}

/** The value a line holds; undefined when it is no JSON, which no schema takes. */
export function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

type Call = Extract<v.InferOutput<typeof frame>, { type: "call" }>;

/** The payload is passed on as it stands in the line. */
function toCall(line: string, { id, consumer, timeout_seconds }: Call): WorkerCall {
  const payload = onOneLine(memberText(line, "payload") ?? "null");
  const timeoutMs = timeout_seconds === null ? null : Math.ceil(timeout_seconds * 1_000);
  return { type: "call", id: JSON.stringify(id), consumer, payload, timeoutMs };
}

type Report = Omit<v.InferOutput<typeof bundleReport>, "command">;

function toFact(said: Report, messageClass: string): MessageFact {
  return {
    event: said.event,
    transport: said.transport,
    class: messageClass,
    id: said.id,
    durationSeconds: said.duration_seconds,
    errorClass: said.error_class,
  };
}

import * as v from "valibot";
import { parseBundleReport, parseJson, type WorkerFrame } from "./worker-frames.ts";

/**
 * The Symfony bundle's own protocol: lines on a worker's stdout or stderr that begin with `@spm:`, followed by
 * `{"type": <PHP class>, "payload": {…}}`; pings go to its stdin in the same form. A farm of that bundle keeps its in-worker side.
 */

/** What a line of the bundle's protocol begins with. */
export const bundlePrefix = "@spm:";

/** A frame in pm's own terms, and the PHP namespace its class came from (with the last backslash), which a ping must repeat. */
export interface BundleFrame {
  readonly frame: WorkerFrame;
  readonly namespace: string;
}

const envelope = v.object({ type: v.pipe(v.string(), v.nonEmpty()), payload: v.optional(v.unknown(), {}) });

/** Reads the text behind the prefix. Class names are compared without their namespace, since versions of the bundle differ there. */
export function parseBundleFrame(text: string): BundleFrame | "malformed" | "unknown_type" {
  const parsed = v.safeParse(envelope, parseJson(text));
  if (!parsed.success) return "malformed";
  const { type, payload } = parsed.output;
  const namespace = type.slice(0, type.lastIndexOf("\\") + 1);
  const frame = toWorkerFrame(type.slice(namespace.length), payload);
  return typeof frame === "string" ? frame : { frame, namespace };
}

/** The bundle's ping, as a line for the worker's stdin. */
export function bundlePing(namespace: string): string {
  return `${bundlePrefix}${JSON.stringify({ type: `${namespace}PingMessage`, payload: {} })}\n`;
}

function toWorkerFrame(name: string, payload: unknown): WorkerFrame | "malformed" | "unknown_type" {
  if (name === "PongMessage") return { type: "pong" };
  if (name !== "MessengerEventMessage") return "unknown_type";
  const fact = parseBundleReport(payload);
  return fact === null ? "malformed" : { type: "message", ...fact };
}

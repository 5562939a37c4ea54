import { isObject, parseMessageFact, parseObject, type WorkerFrame } from "./worker-frames.ts";

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

/** Reads the text behind the prefix. Class names are compared without their namespace, since versions of the bundle differ there. */
export function parseBundleFrame(text: string): BundleFrame | "malformed" | "unknown_type" {
  const outer = parseObject(text);
  const type = outer?.["type"];
  if (outer === null || typeof type !== "string") return "malformed";
  const payload = isObject(outer["payload"]) ? outer["payload"] : {};
  const namespace = type.slice(0, type.lastIndexOf("\\") + 1);
  const frame = toWorkerFrame(type.slice(namespace.length), payload);
  return typeof frame === "string" ? frame : { frame, namespace };
}

/** The bundle's ping, as a line for the worker's stdin. */
export function bundlePing(namespace: string): string {
  return `${bundlePrefix}${JSON.stringify({ type: `${namespace}PingMessage`, payload: {} })}\n`;
}

function toWorkerFrame(
  name: string,
  payload: Readonly<Record<string, unknown>>,
): WorkerFrame | "malformed" | "unknown_type" {
  switch (name) {
    case "PongMessage":
      return { type: "pong" };
    case "MessengerEventMessage": {
      const fact = parseMessageFact(payload, "command");
      return fact === null ? "malformed" : { type: "message", ...fact };
    }
    default:
      return "unknown_type";
  }
}

import { isMap, parseDocument } from "yaml";
import { bundleRoot } from "../config/document.ts";
import type { HttpSpec } from "../core/farm/spec.ts";

/** The file as a pod needs it, and where health and metrics are served then. */
export interface PodFile {
  readonly text: string;
  readonly port: number;
  /** True when http_server had to be another. */
  readonly changed: boolean;
  /** True when it is the file of the Symfony bundle. */
  readonly isBundle: boolean;
}

const defaultPort = 9_100;

/**
 * Probes and scrapes come from outside the pod, so that http_server must be on, with a fixed port, on an address that is not loopback.
 * `text` is a valid pm.yaml, `http` what it says; all else of it stays, comments too.
 */
export function podFile(text: string, http: HttpSpec | null): PodFile {
  const port = http === null || http.port === 0 ? defaultPort : http.port;
  const host = http === null || isLoopback(http.host) ? "0.0.0.0" : http.host;
  const document = parseDocument(text);
  const { contents } = document;
  const isBundle = isMap(contents) && contents.has(bundleRoot);
  if (http?.host === host && http.port === port) return { text, port, changed: false, isBundle };
  const path = [...(isBundle ? [bundleRoot] : []), "http_server"];
  document.setIn(path, document.createNode({ host, port }, { flow: true }));
  return { text: document.toString({ lineWidth: 0 }), port, changed: true, isBundle };
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

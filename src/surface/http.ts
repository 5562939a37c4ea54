import { judgeReadiness } from "../core/farm/health.ts";
import type { FarmSnapshot } from "../core/farm/snapshot.ts";
import { explainBindError, hostAndPort, unknownHost } from "./bind-error.ts";
import { resolveHost, withoutBrackets } from "./listen-host.ts";

export interface HttpOptions {
  /** An address or name of this machine; IPv6 with or without brackets. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly snapshot: () => FarmSnapshot;
  /** In the text format of Prometheus. */
  readonly metricsPage: () => Promise<string> | string;
}

export interface HttpServer {
  /** A URL without a path: `http://127.0.0.1:9100`, `http://[::1]:9100`. */
  readonly address: string;
  readonly port: number;
  /** Frees the port at once and drops what is being answered. */
  stop(): Promise<void>;
}

/** `message` is one line for the user. */
export type HttpStart =
  | { readonly ok: true; readonly server: HttpServer }
  | { readonly ok: false; readonly message: string };

type Answer = () => Promise<Response> | Response;

/**
 * Serves health and metrics. It can only look: nothing of the farm changes by a request, so whoever reaches the port
 * may ask. A page that fails is a 500 for that one request.
 */
export async function startHttp(options: HttpOptions): Promise<HttpStart> {
  const host = withoutBrackets(options.host);
  const hostname = await resolveHost(host);
  if (hostname === null) return { ok: false, message: unknownHost(options.host) };
  const answers = pages(options);
  try {
    const server = Bun.serve({
      hostname,
      port: options.port,
      development: false,
      reusePort: false, // else a second pm would share the port and take half of the scrapes
      // Requests have no bodies worth reading, and nobody may sit on a connection.
      maxRequestBodySize: 1024,
      idleTimeout: 10,
      fetch: (request) => answer(answers, request),
      error: () => json(500, { status: "error", error: "internal error" }),
    });
    const port = server.port ?? options.port;
    return {
      ok: true,
      server: { address: `http://${hostAndPort(host, port)}`, port, stop: () => server.stop(true) },
    };
  } catch (error) {
    return { ok: false, message: explainBindError(error, host, options.port) };
  }
}

function pages({ snapshot, metricsPage }: HttpOptions): ReadonlyMap<string, Answer> {
  return new Map<string, Answer>([
    ["/", alive],
    ["/livez", alive],
    ["/readyz", () => ready(snapshot())],
    ["/metrics", async () => new Response(await metricsPage(), { headers: { "content-type": metricsType } })],
  ]);
}

const alive = (): Response => json(200, { status: "ok" });

const metricsType = "text/plain; version=0.0.4; charset=utf-8";

function ready(snapshot: FarmSnapshot): Response {
  const readiness = judgeReadiness(snapshot);
  const warnings = readiness.warnings.length === 0 ? {} : { warnings: readiness.warnings };
  if (readiness.ready) return json(200, { status: "ready", ...warnings });
  return json(503, { status: "not_ready", reasons: readiness.consumers, ...warnings });
}

function answer(answers: ReadonlyMap<string, Answer>, request: Request): Promise<Response> | Response {
  const found = answers.get(pathOf(request.url));
  if (found === undefined) {
    return json(404, { status: "error", error: `not found; there are ${[...answers.keys()].join(" ")}` });
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    return json(405, { status: "error", error: "method not allowed; use GET or HEAD" }, { allow: "GET, HEAD" });
  }
  return found(); // Bun leaves the body out for HEAD
}

/** By hand, because Bun passes on whatever a client put in its Host header, and `URL` throws on some of that. */
function pathOf(url: string): string {
  return /^(?:https?:\/\/[^/?#]*)?([^?#]*)/u.exec(url)?.[1] ?? "";
}

function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });
}

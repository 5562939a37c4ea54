import { chmodSync } from "node:fs";
import { json, ndjsonStream, refusal } from "./answers.ts";
import { watchCrowd } from "./crowd.ts";
import { type EndingStream, keepIn, lastAnswers } from "./last-answers.ts";
import { LineStream } from "./line-stream.ts";
import type { ControlPorts } from "./ports.ts";
import type { Route, Served } from "./route.ts";
import { routes } from "./routes.ts";
import { cannotMake, claimSocket, inodeOf, type NoSocket, type SocketClaim } from "./socket-claim.ts";

export interface ControlOptions {
  /** Absolute path. */
  readonly socket: string;
  /** The right to that path; it is claimed here when nobody did. */
  readonly claim?: SocketClaim;
  /** Access rights of the socket, such as 0o600. */
  readonly mode: number;
  readonly ports: ControlPorts;
  /** Of pm. */
  readonly version: string;
  /** A request failed for a reason that is no client's: that request got a 500, all else goes on. */
  readonly onBug: (error: unknown) => void;
  /** Descriptors ran short, and so many connections were closed. */
  readonly onCrowd?: (closed: number) => void;
}

export interface ControlServer {
  /** Absolute path. */
  readonly socket: string;
  /** Ends all streams, lets what is being answered and read go out, for at most a second, and removes the socket. */
  stop(): Promise<void>;
}

export type ControlStart = { readonly ok: true; readonly server: ControlServer } | NoSocket;

/**
 * Serves the control API: HTTP with JSON over a Unix socket. Who may connect may do everything, so the rights of the file are what counts.
 * No client can delay another or the farm: all is event-driven, what is read and what waits to be read are bounded.
 */
export async function startControl(options: ControlOptions): Promise<ControlStart> {
  const { socket, mode, ports, version, onBug, onCrowd = () => {} } = options;
  const claim = options.claim ?? (await claimSocket(socket));
  if (!claim.ok) return claim;
  const streams = new Set<EndingStream>();
  const served: Served = {
    ports,
    version,
    routes,
    openStream: (open) => openStream(open, streams),
    keepStream: (stream) => keepIn(streams, stream),
  };

  const answering = new Set<Promise<Response>>();
  const respond = async (request: Request): Promise<Response> => {
    const answer = answerTo(request, served).catch((error: unknown) => {
      onBug(error);
      return refusal(500, "internal_error", "a bug of pm; its log says more");
    });
    answering.add(answer);
    const response = await answer;
    answering.delete(answer);
    return response;
  };

  try {
    const server = listen(socket, mode, respond);
    const inode = inodeOf(socket);
    const unwatch = watchCrowd(socket, onCrowd);
    const stop = async (): Promise<void> => {
      unwatch();
      const unread = [...streams].map((stream) => stream.read);
      for (const stream of streams) stream.end();
      await lastAnswers([...answering, ...unread]);
      // Bun removes whatever has the name of the socket. When that is no longer ours, nobody new can come in anyway.
      if (inodeOf(socket) === inode) await server.stop(true);
      claim.release();
    };
    let stopped: Promise<void> | null = null;
    return {
      ok: true,
      server: {
        socket,
        stop: () => (stopped ??= stop()),
      },
    };
  } catch (error) {
    claim.release();
    return cannotMake(socket, error);
  }
}

/** An operation may take minutes, and a stream be silent for hours. Bun's types do not know that its Unix sockets have this too. */
const endless: object = { idleTimeout: 0 };

/** Made with the narrowest rights, which are then widened to `mode`: there is no moment at which others could connect. */
function listen(socket: string, mode: number, respond: (request: Request) => Promise<Response>) {
  const umask = process.umask(0o177);
  try {
    const server = Bun.serve({
      unix: socket,
      development: false,
      maxRequestBodySize: Number.MAX_SAFE_INTEGER, // streams of tasks have no end; every route sees to its own limit
      ...endless,
      fetch: respond,
      error: () => refusal(500, "internal_error", "a bug of pm; its log says more"),
    });
    chmodSync(socket, mode);
    return server;
  } finally {
    process.umask(umask);
  }
}

function openStream(open: (stream: LineStream) => () => void, streams: Set<EndingStream>): Response {
  const stream = new LineStream();
  const unsubscribe = open(stream);
  streams.add(stream);
  stream.onGone = () => {
    streams.delete(stream);
    unsubscribe();
  };
  return ndjsonStream(stream.body);
}

async function answerTo(request: Request, served: Served): Promise<Response> {
  const [, path = "", query = ""] = /^(?:https?:\/\/[^/?#]*)?([^?#]*)\??([^#]*)/u.exec(request.url) ?? [];
  const here = served.routes.flatMap((route) => {
    const parts = match(route.path, path);
    return parts === null ? [] : [{ route, ...parts }];
  });
  const [any] = here;
  if (any === undefined) return refusal(404, "not_found", `there is no ${path}; GET /v1/ says what there is`);
  const method = request.method === "HEAD" ? "GET" : request.method;
  const found = here.find(({ route }) => route.method === method);
  if (found === undefined) return wrongMethod(here.map(({ route }) => route));
  if (found.consumer === null) return refusal(400, "bad_path", "the name of the consumer is not percent-encoded UTF-8");
  // A stream would go on for nobody.
  if (request.method === "HEAD" && found.route.lines === true) return json(200, {});
  return found.route.answer(served, { request, query, consumer: found.consumer });
}

function wrongMethod(here: readonly Route[]): Response {
  const allow = here.flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method])).join(", ");
  return refusal(405, "method_not_allowed", `use ${allow}`, { allow });
}

/** The consumer in a path of this shape, empty where it has none, null where it is badly encoded; null altogether for another path. */
function match(shape: string, path: string): { readonly consumer: string | null } | null {
  const slot = shape.indexOf("{consumer}");
  // Each request looks at every route: no text is made where none is needed.
  if (slot === -1) {
    const slashes = shape.length - path.length; // `/v1` is `/v1/`
    const isHere = path === shape || (slashes === 1 && shape.endsWith("/") && shape.startsWith(path));
    return isHere ? { consumer: "" } : null;
  }
  const after = shape.slice(slot + "{consumer}".length);
  if (!path.startsWith(shape.slice(0, slot)) || !path.endsWith(after)) return null;
  const name = path.slice(slot, path.length - after.length);
  if (name === "" || name.includes("/")) return null;
  try {
    return { consumer: decodeURIComponent(name) };
  } catch {
    return { consumer: null };
  }
}

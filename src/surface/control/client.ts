import type { ErrorDocument } from "../../protocol/control-api.ts";
import { Exchange, type ExchangeEars, type ExchangeRequest } from "./task-exchange.ts";

/** What pm answered: the HTTP status, or 0 when there was no answer; then `body` is an `ErrorDocument` all the same. */
export interface ControlAnswer {
  readonly status: number;
  /** The JSON document. */
  readonly body: unknown;
}

/** The other end of a control socket. Nothing here throws or has a time limit: an operation takes as long as it takes. */
export interface ControlClient {
  /** `path` with its query, from `/v1/` on. */
  get(path: string): Promise<ControlAnswer>;
  post(path: string, body: unknown): Promise<ControlAnswer>;
  /**
   * Hears each document of a stream as it comes. `ended`: pm has no more to say, or has gone; `aborted`: the signal was given. An answer
   * instead when pm refused.
   */
  lines(
    path: string,
    hear: (document: unknown) => void,
    signal: AbortSignal,
  ): Promise<"ended" | "aborted" | ControlAnswer>;
  /** Posts a body piece by piece, and hears the answer while it does. */
  exchange(request: ExchangeRequest, ears: ExchangeEars): Exchange;
}

/** `message` is one line for the user, to go with exit code 69. */
export type Reached =
  | { readonly ok: true; readonly client: ControlClient }
  | { readonly ok: false; readonly message: string };

/** Connects to the pm behind this socket, if there is one. */
export async function reach(path: string): Promise<Reached> {
  const failure = await tryConnect(path);
  if (failure !== null) return { ok: false, message: whyUnreachable(path, failure) };
  return { ok: true, client: connectedTo(path) };
}

/** Whether somebody listens on this socket: null, or the code of what went wrong. */
export async function tryConnect(path: string): Promise<string | null> {
  try {
    const socket = await Bun.connect({ unix: path, socket: { data() {} } });
    socket.terminate();
    return null;
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : "unknown";
  }
}

function whyUnreachable(path: string, code: string): string {
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return `no pm runs with the socket ${path}; start one with pm serve, or name another with --socket or PM_SOCKET`;
    case "ECONNREFUSED":
      return `no pm listens on ${path}, and what is there is left over or no socket; start one with pm serve, or name another with --socket or PM_SOCKET`;
    case "EACCES":
    case "EPERM":
      return `this user may not use the socket ${path}; run as the user pm runs as, or set control.mode`;
    case "EINVAL":
    case "ENAMETOOLONG":
      return `${path} is too long for a socket; the kernel takes 107 bytes`;
    default:
      return `cannot connect to ${path} (${code}); name another socket with --socket or PM_SOCKET`;
  }
}

function connectedTo(unix: string): ControlClient {
  const ask = async (path: string, init: RequestInit): Promise<ControlAnswer> => {
    try {
      return await toAnswer(await fetch(`http://pm${path}`, { ...init, unix, ...endless }));
    } catch {
      return noAnswer("pm went away before it answered");
    }
  };
  return {
    get: (path) => ask(path, {}),
    post: (path, body) =>
      ask(path, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    async lines(path, hear, signal) {
      try {
        const response = await fetch(`http://pm${path}`, { unix, ...endless, signal });
        if (!response.ok) return await toAnswer(response);
        await hearLines(response, hear);
        return signal.aborted ? "aborted" : "ended";
      } catch {
        return signal.aborted ? "aborted" : "ended";
      }
    },
    exchange: (request, ears) => new Exchange(unix, request, ears),
  };
}

/** Whatever limit Bun has on the time of an answer is off. */
const endless = { timeout: false } as const;

async function toAnswer(response: Response): Promise<ControlAnswer> {
  const body = parse(await response.text());
  return body === undefined
    ? noAnswer("what listens on the socket does not speak as pm does")
    : { status: response.status, body };
}

function noAnswer(message: string): ControlAnswer {
  return { status: 0, body: { error: { code: "no_answer", message } } satisfies ErrorDocument };
}

async function hearLines(response: Response, hear: (document: unknown) => void): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of response.body ?? []) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const document = parse(line);
      if (document !== undefined) hear(document);
    }
  }
}

/** Undefined when it is no JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

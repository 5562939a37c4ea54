import { timingSafeEqual } from "node:crypto";
import type { TaskServerSpec } from "../core/farm/tasks-spec.ts";
import type { TaskDesk } from "../runtime/tasks/task-ports.ts";
import { explainBindError, hostAndPort, unknownHost } from "./bind-error.ts";
import { refusal } from "./control/answers.ts";
import { type EndingStream, keepIn, lastAnswers } from "./control/last-answers.ts";
import { serveTasks } from "./control/task-route.ts";
import { resolveHost, withoutBrackets } from "./listen-host.ts";

export interface TaskServerOptions extends TaskServerSpec {
  readonly desk: TaskDesk;
  /** A request failed for a reason that is no client's: that request got a 500, all else goes on. */
  readonly onBug: (error: unknown) => void;
}

export interface TaskServer {
  /** A URL without a path. */
  readonly address: string;
  /** Answers what is in hand, for at most a second, and frees the port. */
  stop(): Promise<void>;
}

/** `message` is one line for the user. */
export type TaskServerStart =
  | { readonly ok: true; readonly server: TaskServer }
  | { readonly ok: false; readonly message: string };

/** A connection on which nothing is said ends after this; one with the token may wait for its answer as long as it likes, but not for its next task. */
const idleSeconds = 10;

/** Takes tasks by TCP, as the control socket does, from whoever has the token. It can do nothing else. */
export async function startTaskServer(options: TaskServerOptions): Promise<TaskServerStart> {
  const { port, desk, onBug } = options;
  const host = withoutBrackets(options.host);
  const hostname = await resolveHost(host);
  if (hostname === null) return { ok: false, message: unknownHost(options.host, "task_server") };
  const expected = digest(`Bearer ${options.token}`);
  const unfinished = new Set<Promise<unknown>>();
  const streams = new Set<EndingStream>();
  const answer = async (request: Request): Promise<Response> => {
    try {
      const [, path = "", query = ""] = /^(?:https?:\/\/[^/?#]*)?([^?#]*)\??([^#]*)/u.exec(request.url) ?? [];
      const consumer = consumerOf(path);
      if (consumer === null)
        return refusal(404, "not_found", `there is no ${path}; POST /v1/consumers/NAME/tasks is all there is`);
      if (request.method !== "POST") return refusal(405, "method_not_allowed", "use POST", { allow: "POST" });
      return await serveTasks(desk, (stream) => keepIn(streams, stream), { request, query, consumer });
    } catch (error) {
      onBug(error);
      return refusal(500, "internal_error", "a bug of pm; its log says more");
    }
  };
  try {
    const server = Bun.serve({
      hostname,
      port,
      development: false,
      reusePort: false, // else a second pm would share the port and take half of the tasks
      maxRequestBodySize: Number.MAX_SAFE_INTEGER, // streams have no end; single tasks are limited where they are read
      idleTimeout: idleSeconds,
      async fetch(request, own) {
        const given = digest(request.headers.get("authorization") ?? "");
        if (!timingSafeEqual(given, expected)) return unauthorized();
        own.timeout(request, 0);
        const answering = answer(request);
        unfinished.add(answering);
        const answered = await answering;
        unfinished.delete(answering);
        if (!isEndless(answered)) own.timeout(request, idleSeconds);
        return answered;
      },
      error: () => refusal(500, "internal_error", "a bug of pm; its log says more"),
    });
    const stop = async (): Promise<void> => {
      const unread = [...streams].map((stream) => stream.read);
      for (const stream of streams) stream.end();
      await lastAnswers([...unfinished, ...unread]);
      await server.stop(true);
    };
    return { ok: true, server: { address: `http://${hostAndPort(host, server.port ?? port)}`, stop } };
  } catch (error) {
    return { ok: false, message: explainBindError(error, host, port, "task_server") };
  }
}

/** Of the same length whatever it is of, so that comparing tells nothing about the token, nor how long it is. */
function digest(text: string): Uint8Array {
  return new Bun.CryptoHasher("sha256").update(text).digest();
}

function unauthorized(): Response {
  return refusal(401, "unauthorized", "send the token of task_server as Authorization: Bearer TOKEN", {
    "www-authenticate": "Bearer",
    connection: "close", // and nothing is read of what was sent without it
  });
}

/** Its next line may be long in coming. */
const isEndless = ({ headers }: Response): boolean => headers.get("content-type") === "application/x-ndjson";

function consumerOf(path: string): string | null {
  const [, name] = /^\/v1\/consumers\/([^/]+)\/tasks$/u.exec(path) ?? [];
  try {
    return name === undefined ? null : decodeURIComponent(name);
  } catch {
    return null; // badly encoded
  }
}

import { rmSync } from "node:fs";
import { join } from "node:path";
import type { EventLine, FarmStatus, LogLineDocument } from "../../src/protocol/control-api.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** A line of worker 1 of `async`, but for what is given. */
export function logLine(text: string, given: Partial<LogLineDocument> = {}): LogLineDocument {
  const at = "2026-11-22T10:00:00.000Z";
  return { at, worker: 1, slot: 0, consumer: "async", stream: "stdout", level: null, text, ...given };
}

/** A control socket without a farm behind it: it shows the status it is given, and keeps what was asked of it. */
export class FarmServer implements Disposable {
  readonly #folder = temporaryFolder();
  readonly socket = join(this.#folder.path, "pm.sock");
  readonly asked: { readonly path: string; readonly body: unknown }[] = [];
  status: FarmStatus;
  /** What the streams begin with; then they are silent. */
  logs: readonly LogLineDocument[] = [];
  events: readonly EventLine[] = [];
  /** What an operation is answered with. */
  answer: { readonly status: number; readonly message: string } = { status: 200, message: "done" };
  #server: Bun.Server<undefined> | null = null;

  constructor(status: FarmStatus) {
    this.status = status;
    this.start();
  }

  /** Listens, as a pm that was started again would. */
  start(): void {
    rmSync(this.socket, { force: true });
    this.#server = Bun.serve({ unix: this.socket, ...endless, fetch: async (request) => this.#serve(request) });
  }

  /** Goes away as a killed pm would: all connections end. */
  async kill(): Promise<void> {
    await this.#server?.stop(true);
    this.#server = null;
  }

  [Symbol.dispose](): void {
    void this.kill();
    this.#folder[Symbol.dispose]();
  }

  async #serve(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (request.method === "POST") {
      this.asked.push({ path: pathname, body: await request.json() });
      const { status, message } = this.answer;
      return Response.json({ result: "done", message }, { status });
    }
    if (pathname === "/v1/status") return Response.json(this.status);
    if (pathname === "/v1/events") return stream(this.events);
    const worker = searchParams.get("worker");
    const wanted = (line: LogLineDocument): boolean =>
      line.consumer === searchParams.get("consumer") && (worker === null || Number(worker) === line.worker);
    return stream(this.logs.filter((line) => wanted(line)));
  }
}

/** Bun has this for Unix sockets too, though its types do not: streams are silent for long. */
const endless: object = { idleTimeout: 0 };

function stream(documents: readonly unknown[]): Response {
  const text = documents.map((each) => `${JSON.stringify(each)}\n`).join("");
  // An empty chunk would never be sent, and the headers with it.
  const body = new ReadableStream({ start: (controller) => controller.enqueue(text || "\n") });
  return new Response(body, { headers: { "content-type": "application/x-ndjson" } });
}

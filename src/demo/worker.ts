/** A worker of the demo farm: `pm __demo-worker [--log json] [--limit N] TRANSPORT…`, which main.ts starts in place of a command. */
import { writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { renderClient } from "../clients/client-text.ts";
import type { DemoMessage } from "./load.ts";
import { QueueClient } from "./queue-client.ts";

/** What this worker calls of the client in clients/node. */
interface PmClient {
  ready(): void;
  received(transport: string, className: string, id: string): void;
  handled(transport: string, className: string, id: string): void;
  failed(transport: string, className: string, errorClass: string, id: string): void;
  retried(transport: string, className: string, id: string): void;
  readonly stopSignal: AbortSignal;
}

/** Works until it is told to stop, has reached its limit, or a message ends it. */
export async function runDemoWorker(args: string[]): Promise<never> {
  const { values, positionals: transports } = parseArgs({
    args,
    options: { log: { type: "string" }, limit: { type: "string", default: "Infinity" } },
    allowPositionals: true,
  });
  const pm = await createClient();
  const terminated = new AbortController();
  process.on("SIGTERM", () => terminated.abort());
  const stop = AbortSignal.any([terminated.signal, pm.stopSignal]);

  const queue = await QueueClient.connect(Number(process.env["PM_DEMO_QUEUE_PORT"]));
  const say = values.log === "json" ? sayJson : sayPlain;
  pm.ready();
  for (let left = Number(values.limit); left > 0; left--) {
    const message = await queue.take(transports, stop);
    if (message === null) break;
    await handle(message, pm, queue, say);
  }
  exit(0);
}

async function handle(message: DemoMessage, pm: PmClient, queue: QueueClient, say: typeof sayJson): Promise<void> {
  const { transport, class: name, fate } = message;
  const id = String(message.id);
  pm.received(transport, name, id);
  if (fate === "crash") {
    await Bun.sleep(message.seconds * 500);
    process.kill(process.pid, "SIGKILL");
  }
  await Bun.sleep(message.seconds * 1000);
  if (fate === "handled") {
    pm.handled(transport, name, id);
    queue.done();
    say("info", message.text, message);
    return;
  }
  pm.failed(transport, name, "TimeoutError", id);
  say("error", `${name} failed`, message);
  if (fate === "exit") exit(1);
  pm.retried(transport, name, id);
  queue.again();
}

/** As Monolog and its like write, whose lines pm completes. */
function sayJson(level: "info" | "error", text: string, { id, transport, attempt }: DemoMessage): void {
  const [number, name] = level === "info" ? [200, "INFO"] : [400, "ERROR"];
  const record = {
    message: `${text}.`,
    context: { message_id: id, attempt },
    level: number,
    level_name: name,
    channel: transport,
    datetime: new Date().toISOString(),
    extra: {},
  };
  writeSync(1, `${JSON.stringify(record)}\n`);
}

/** As most other programs write: results to stdout, problems to stderr. */
function sayPlain(level: "info" | "error", text: string, { id, seconds, attempt }: DemoMessage): void {
  const outcome = level === "info" ? `in ${seconds} s` : `after ${seconds} s, attempt ${attempt}`;
  writeSync(level === "info" ? 1 : 2, `#${id}: ${text} ${outcome}\n`);
}

/** The client exactly as `pm client node` prints it. A bundler holds a file as text or as a program, not as both. */
async function createClient(): Promise<PmClient> {
  const url = URL.createObjectURL(new Blob([renderClient("node")], { type: "text/javascript" }));
  const module: { readonly PmClient: new () => PmClient } = await import(url);
  return new module.PmClient();
}

/** Sockets and listeners that are still open do not keep a worker alive. */
function exit(code: number): never {
  // oxlint-disable-next-line unicorn/no-process-exit
  process.exit(code);
}

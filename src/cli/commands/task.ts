import { readFileSync } from "node:fs";
import { memberText, onOneLine } from "../../protocol/json-member.ts";
import type { ControlClient } from "../../surface/control/client.ts";
import { failure } from "../control/answer.ts";
import type { Ask } from "../control/operate.ts";
import { aborted, ownStreams } from "../control/streams.ts";
import { exitCodes, outcome, type Outcome } from "../outcome.ts";
import { whereNoJson } from "../tasks/json-place.ts";
import { readTaskFlags, type TaskFlags, tasksPath } from "../tasks/task-flags.ts";

export interface TaskArgs extends TaskFlags {
  readonly consumer: string;
  /** Null or `-` is stdin. */
  readonly payload: string | null;
  readonly key: string | null;
  readonly json: boolean;
  /** Stdin as text, in tests. */
  readonly readStdin?: () => string;
}

/** `pm task`: the result on stdout; a text as it is, anything else as JSON. */
export async function runTask(args: TaskArgs, { where, connect, streams = ownStreams }: Ask): Promise<Outcome> {
  const wishes = readTaskFlags(args);
  if (typeof wishes === "string") return said(exitCodes.usage, wishes);
  const isStdin = args.payload === null || args.payload === "-";
  const payload = isStdin ? (args.readStdin ?? readStdin)() : (args.payload ?? "");
  const place = whereNoJson(payload);
  if (place !== null) {
    const source = isStdin ? "stdin" : "JSON";
    return said(exitCodes.usage, `${source}, ${place}: this is no JSON; write a payload such as {"id":1} or "text"`);
  }
  const connected = await connect(where);
  if (!connected.ok) return connected.outcome;
  const more = Object.entries({ ...wishes, ...(args.key === null ? {} : { key: args.key }) });
  const members = more.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)},`).join("");
  const body = `{${members}"payload":${onOneLine(payload)}}`;
  const answer = await Promise.race([post(connected.client, args.consumer, body), aborted(streams.interrupt())]);
  if (answer === "aborted") return said(exitCodes.interrupted, "interrupted; the task is called off");
  if (answer === "gone") return said(exitCodes.unreachable, "pm went away before it answered");
  return answer.status === 200
    ? printed(answer.text, args.json)
    : failure("task", { ...answer, body: parsed(answer.text) });
}

function printed(text: string, json: boolean): Outcome {
  const result = memberText(text, "result") ?? "null";
  const value = result.startsWith('"') && !json ? parsed(result) : null;
  return outcome(exitCodes.done, [typeof value === "string" ? value : result]);
}

/** By an exchange, because the result is to be printed as it came, and leaving calls the task off. */
function post(
  client: ControlClient,
  consumer: string,
  text: string,
): Promise<{ status: number; text: string } | "gone"> {
  const { promise, resolve } = Promise.withResolvers<{ status: number; text: string } | "gone">();
  const body = Buffer.from(text);
  const chunks: Buffer[] = [];
  let status = 0;
  const exchange = client.exchange(
    { path: tasksPath(consumer, {}), contentType: "application/json", bytes: body.length },
    {
      head: (given) => (status = given),
      body: (bytes) => chunks.push(Buffer.from(bytes)),
      drained() {},
      ended: (isWhole) => resolve(isWhole ? { status, text: Buffer.concat(chunks).toString() } : "gone"),
    },
  );
  exchange.write(body);
  return promise;
}

function readStdin(): string {
  return readFileSync(0, "utf8");
}

const said = (exitCode: number, text: string): Outcome => outcome(exitCode, [], [`pm task: ${text}`]);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

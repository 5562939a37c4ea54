import type { OperationBody } from "../../protocol/control-api.ts";
import { exitCodes, outcome, type Outcome } from "../outcome.ts";
import { failure, messageOf } from "./answer.ts";
import type { Connect, Where } from "./connect.ts";
import { requester } from "./requester.ts";
import { aborted, ownStreams, type Streams } from "./streams.ts";

/** What to ask of a consumer: the last part of its path in the control API, and the members of the body. */
export interface Order {
  readonly verb: "start" | "stop" | "restart" | "pause" | "resume" | "scale" | "signal";
  readonly consumer: string;
  readonly body: OperationBody;
}

/** Whom to ask and where to speak; tests put others in the place of `ownStreams`. */
export interface Ask {
  readonly where: Where;
  readonly connect: Connect;
  readonly streams?: Streams;
}

/** Has pm do something and waits for what comes of it, unless `wait` is false. Ctrl-C ends the waiting, not what was begun. */
export async function operate(order: Order, { where, connect, streams = ownStreams }: Ask): Promise<Outcome> {
  const { verb, consumer } = order;
  const connected = await connect(where);
  if (!connected.ok) return connected.outcome;
  const interrupt = streams.interrupt();
  const path = `/v1/consumers/${encodeURIComponent(consumer)}/${verb}`;
  const answer = await Promise.race([
    connected.client.post(path, { by: requester(), ...order.body }),
    aborted(interrupt),
  ]);
  if (answer === "aborted") {
    const line = `pm ${verb}: no longer waiting; what was begun goes on, pm status ${consumer} shows it`;
    return outcome(exitCodes.interrupted, [], [line]);
  }
  return answer.status === 200 || answer.status === 202
    ? outcome(exitCodes.done, [messageOf(answer)])
    : failure(verb, answer);
}

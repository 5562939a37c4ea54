import { constants } from "node:os";
import { nearest } from "../../config/suggest.ts";
import type { OperationOutcome, OperationRequest } from "../../core/farm/operations.ts";
import type { SignalName } from "../../core/farm/spec.ts";
import type { OperationAnswer } from "../../protocol/control-api.ts";
import { restartBody, scaleBody, signalBody, slotBody } from "../../protocol/control-requests.ts";
import { json, refusal } from "./answers.ts";
import { post, type Route, type Served } from "./route.ts";

const answers = {
  200: "OperationAnswer",
  202: "OperationAnswer",
  404: "OperationAnswer",
  409: "OperationAnswer",
  422: "OperationAnswer",
} as const;

const described = (verb: string, summary: string) => ({ path: `/v1/consumers/{consumer}/${verb}`, summary, answers });

const forSlots = (action: "start" | "stop" | "pause" | "resume", summary: string): Route =>
  post(described(action, summary), slotBody, (served, { slot, ...body }, consumer) =>
    operate(served, { action, consumer, slot }, body),
  );

/** What can be done to a consumer, or to one worker of it. */
export const operationRoutes: readonly Route[] = [
  forSlots("start", "Starts what is stopped, parked, finished or waiting; what runs is left alone."),
  forSlots("stop", "Ends the processes, which then stay away until start."),
  post(
    described("restart", "Ends the processes and starts them again: all at once, or rolling."),
    restartBody,
    (served, { slot, rolling, max_unavailable: maxUnavailable, ...body }, consumer) => {
      if (rolling && slot !== null)
        return refusal(400, "bad_body", "rolling goes with a whole consumer; leave slot out");
      if (!rolling && maxUnavailable !== null) {
        return refusal(400, "bad_body", "max_unavailable goes with rolling; add rolling: true");
      }
      const request: OperationRequest = rolling
        ? { action: "rolling_restart", consumer, maxUnavailable: maxUnavailable ?? 1 }
        : { action: "restart", consumer, slot };
      return operate(served, request, body);
    },
  ),
  forSlots("pause", "Freezes the processes; nothing is started meanwhile."),
  forSlots("resume", "Undoes pause."),
  post(described("scale", "Sets a size by hand, or gives it back."), scaleBody, (served, body, consumer) => {
    const { size, auto, ...rest } = body;
    if (auto && size === null) return operate(served, { action: "scale_auto", consumer }, rest);
    if (auto || size === null) return refusal(400, "bad_body", "give either size, a number, or auto: true");
    return operate(served, { action: "scale", consumer, size }, rest);
  }),
  post(described("signal", "Sends a signal."), signalBody, (served, { slot, signal, group, ...body }, consumer) => {
    const name = signalNamed(signal);
    if (name !== null) return operate(served, { action: "signal", consumer, slot, signal: name, group }, body);
    const names = Object.keys(constants.signals).map((each) => each.slice("SIG".length));
    const near = nearest(signal.replace(/^SIG/iu, ""), names);
    const advice = near === null ? "write TERM, HUP or USR1, for instance" : `did you mean ${near}?`;
    return refusal(400, "bad_body", `there is no signal ${JSON.stringify(signal)}; ${advice}`);
  }),
];

interface Manner {
  readonly by: string;
  readonly reason: string | null;
  readonly wait: boolean;
}

async function operate({ ports }: Served, request: OperationRequest, { wait, ...who }: Manner): Promise<Response> {
  const { result, message } = await ports.operate(request, who, wait);
  return json(statuses[result], { result, message } satisfies OperationAnswer);
}

const statuses = {
  done: 200,
  accepted: 202,
  unknown_consumer: 404,
  unknown_slot: 404,
  conflict: 409,
  failed: 422,
} as const satisfies Record<OperationOutcome["result"], number>;

/** By name, with or without SIG, in either case; or by number. */
function signalNamed(text: string): SignalName | null {
  const name = `SIG${text.toUpperCase().replace(/^SIG/u, "")}`;
  if (isSignalName(name)) return name;
  const byNumber = Object.entries(constants.signals).find(([, number]) => String(number) === text)?.[0];
  return byNumber !== undefined && isSignalName(byNumber) ? byNumber : null;
}

const isSignalName = (name: string): name is SignalName => Object.hasOwn(constants.signals, name);

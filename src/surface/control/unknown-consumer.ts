import { nearest } from "../../config/suggest.ts";
import { refusal } from "./answers.ts";
import type { ControlPorts } from "./ports.ts";

/** 404, with the name that was most likely meant. */
export async function unknownConsumer(ports: ControlPorts, consumer: string): Promise<Response> {
  const status = await ports.status(null);
  const names = status?.consumers.map((each) => each.consumer) ?? [];
  const near = nearest(consumer, names);
  const advice = near === null ? `there are ${names.join(", ") || "none"}` : `did you mean ${near}?`;
  return refusal(404, "unknown_consumer", `there is no consumer ${JSON.stringify(consumer)}; ${advice}`);
}

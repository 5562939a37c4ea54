import { unknownConsumerText } from "../../runtime/unknown-target.ts";
import { refusal } from "./answers.ts";
import type { ControlPorts } from "./ports.ts";

/** 404, with the name that was most likely meant. */
export function unknownConsumer(ports: ControlPorts, consumer: string): Response {
  return refusal(404, "unknown_consumer", unknownConsumerText(consumer, ports.consumers()));
}

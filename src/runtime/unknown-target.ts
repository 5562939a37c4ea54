import { nearest } from "../config/suggest.ts";
import type { OperationOutcome } from "../core/farm/operations.ts";
import type { Consumer } from "./consumer.ts";

/** More names than these help nobody. */
const mostNames = 20;

/** Nobody is called so; says who is meant, or who there is. */
export function unknownConsumerText(name: string, names: readonly string[]): string {
  const near = nearest(name, names);
  const shown = names.slice(0, mostNames).join(", ");
  const more = names.length > mostNames ? ` and ${names.length - mostNames} more` : "";
  const all = names.length === 0 ? "there is none now" : `there are ${shown}${more}`;
  return `no consumer is called "${name}"; ${near === null ? all : `did you mean ${near}?`}`;
}

/** The same as what comes of an order. */
export function unknownConsumer(name: string, consumers: readonly Consumer[]): OperationOutcome {
  const names = consumers.map(({ spec }) => spec.name);
  return { result: "unknown_consumer", message: unknownConsumerText(name, names) };
}

/** It has no such worker; says which there are. */
export function unknownSlot(name: string, slot: number, { workers }: Consumer): OperationOutcome {
  const slots = workers.map(({ ref }) => ref.slot).toSorted((a, b) => a - b);
  const there = slots.length === 0 ? "it has no worker now" : `there are ${slots.join(", ")}`;
  return { result: "unknown_slot", message: `${name} has no worker in slot ${slot}; ${there}` };
}

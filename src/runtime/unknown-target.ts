import { nearest } from "../config/suggest.ts";
import type { OperationOutcome } from "../core/farm/operations.ts";
import type { Consumer } from "./consumer.ts";

/** Nobody is called so; says who is meant, or who there is. */
export function unknownConsumer(name: string, consumers: readonly Consumer[]): OperationOutcome {
  const names = consumers.map(({ spec }) => spec.name);
  const near = nearest(name, names);
  const all = names.length === 0 ? "there is none now" : `there are ${names.join(", ")}`;
  const hint = near === null ? all : `did you mean ${near}?`;
  return { result: "unknown_consumer", message: `no consumer is called "${name}"; ${hint}` };
}

/** It has no such worker; says which there are. */
export function unknownSlot(name: string, slot: number, { workers }: Consumer): OperationOutcome {
  const slots = workers.map(({ ref }) => ref.slot).toSorted((a, b) => a - b);
  const there = slots.length === 0 ? "it has no worker now" : `there are ${slots.join(", ")}`;
  return { result: "unknown_slot", message: `${name} has no worker in slot ${slot}; ${there}` };
}

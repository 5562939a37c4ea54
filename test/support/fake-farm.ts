import type { OperationOutcome, OperationRequest, ReloadOutcome } from "../../src/core/farm/operations.ts";
import type { ConsumerSpec, FarmSpec } from "../../src/core/farm/spec.ts";
import type { ScalingPorts } from "../../src/runtime/autoscaler.ts";
import { Operator } from "../../src/runtime/operator.ts";
import { Reloader } from "../../src/runtime/reloader.ts";
import { Supervisor } from "../../src/runtime/supervisor.ts";
import { exited, type FakeChild, FakeHost, noScalingPorts } from "./fake-host.ts";
import { consumerSpec, farmSpec } from "./specs.ts";

export const alice = { by: "alice", reason: "a test" } as const;

const message = {
  type: "message",
  transport: "async",
  class: "Job",
  id: null,
  durationSeconds: 1,
  errorClass: null,
} as const;

/** A consumer of so many workers. */
export const pool = (name: string, processes: number, changes: Partial<ConsumerSpec> = {}): ConsumerSpec =>
  consumerSpec({ name, size: { kind: "static", processes }, ...changes });

/** What somebody waits for; null until it is there. */
export interface Asked<T> {
  outcome: T | null;
}

/** A farm whose processes, time and persons are in a test's hands. */
export class FakeFarm {
  readonly host = new FakeHost();
  readonly ends: number[] = [];
  readonly supervisor: Supervisor;
  readonly operator: Operator;
  readonly reloader: Reloader;
  readonly spec: FarmSpec;

  constructor(
    consumers: readonly ConsumerSpec[],
    changes: Partial<FarmSpec> = {},
    ports: ScalingPorts = noScalingPorts,
  ) {
    this.spec = farmSpec(consumers, changes);
    this.supervisor = new Supervisor(this.spec, this.host, ports, (code) => this.ends.push(code));
    this.operator = new Operator(this.supervisor, this.host, this.host.listen);
    this.reloader = new Reloader(this.spec, this.supervisor, this.operator, this.host, this.host.listen);
    this.supervisor.start();
  }

  /** Asks for something and lets it begin. */
  async ask(request: OperationRequest, wait = true): Promise<Asked<OperationOutcome>> {
    return this.#follow(this.operator.operate(request, alice, wait));
  }

  async reload(next: FarmSpec, warnings: readonly string[] = []): Promise<Asked<ReloadOutcome>> {
    return this.#follow(this.reloader.apply(next, alice, warnings));
  }

  /** As a program's document is carried out. */
  async reloadEach(next: FarmSpec): Promise<Asked<ReloadOutcome>> {
    return this.#follow(this.reloader.apply(next, alice, [], "each"));
  }

  async #follow<T>(promise: Promise<T>): Promise<Asked<T>> {
    const asked: Asked<T> = { outcome: null };
    void promise.then((outcome) => (asked.outcome = outcome));
    await this.turn();
    return asked;
  }

  /** Lets happen what waits for nothing but its turn. */
  async turn(): Promise<void> {
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  }

  /** Lets time pass, and what follows from it. */
  async pass(ms: number): Promise<void> {
    this.host.clock.advance(ms);
    await this.turn();
  }

  /** Every process that has been told to stop does so. */
  async obey(): Promise<void> {
    for (const child of this.host.alive.filter(isTold)) child.end(exited(0));
    await this.turn();
  }

  /** Processes obey and time passes until nothing more comes of it. */
  async calm(): Promise<void> {
    for (let round = 0; round < 60; round++) {
      await this.obey();
      await this.pass(1_000);
    }
  }

  /** The live processes of a consumer. */
  of(consumer: string): FakeChild[] {
    return this.host.alive.filter(({ request }) => request.spec.name === consumer);
  }

  /** The process in a slot. */
  at(consumer: string, slot: number): FakeChild {
    const child = this.of(consumer).find(({ request }) => request.slot === slot);
    if (child === undefined) throw new Error(`no process runs in slot ${slot} of ${consumer}`);
    return child;
  }

  pids(consumer: string): number[] {
    return this.of(consumer).map(({ pid }) => pid);
  }

  /** `0 ready`, in the order of the slots; `paused` where it is. */
  slots(consumer: string): string[] {
    const found = this.supervisor.snapshot().consumers.find(({ name }) => name === consumer);
    return (found?.workers ?? [])
      .toSorted((a, b) => a.slot - b.slot)
      .map(({ slot, state, paused }) => `${slot} ${state}${paused ? " paused" : ""}`);
  }

  take(...children: readonly FakeChild[]): void {
    for (const child of children) child.say({ ...message, event: "received" });
  }

  finish(...children: readonly FakeChild[]): void {
    for (const child of children) child.say({ ...message, event: "handled" });
  }
}

/** True once pm has told it to stop. */
export function isTold({ signals }: FakeChild): boolean {
  return signals.includes("SIGTERM") || signals.includes("KILL group");
}

import type { PmEvent } from "../../src/core/farm/events.ts";
import type { ExitReason } from "../../src/core/supervision/exit.ts";
import type { Child, ChildFact, ChildRequest, Host } from "../../src/runtime/host.ts";
import type { ScalingPorts } from "../../src/runtime/autoscaler.ts";
import { EventBus } from "../../src/runtime/event-bus.ts";
import type { Listen } from "../../src/runtime/start-watch.ts";
import type { TaskHost } from "../../src/runtime/tasks/task-ports.ts";
import { FakeClock } from "./fake-clock.ts";
import { FakeLane } from "./fake-lane.ts";

/** A process that exists only on paper: it remembers what it was told and does what the test says. */
export class FakeChild implements Child {
  readonly signals: string[] = [];
  readonly told: string[] = [];
  lastActivity = 0;
  heldUp = false;
  alive = true;
  /** From now on it runs its program; for one that did not do so at once. */
  begin = (): void => {};

  readonly pid: number;
  /** Only where its consumer has tasks. */
  readonly lane: FakeLane | null;
  readonly request: ChildRequest;
  readonly hear: (fact: ChildFact) => void;
  readonly runsAtOnce: boolean;

  constructor(pid: number, request: ChildRequest, hear: (fact: ChildFact) => void, runsAtOnce: boolean) {
    this.pid = pid;
    this.runsAtOnce = runsAtOnce;
    this.request = request;
    this.lane = request.spec.tasks === null ? null : new FakeLane();
    this.hear = hear;
  }

  whenBegan(run: () => void): void {
    if (this.runsAtOnce) run();
    else this.begin = run;
  }

  signal(signal: string): void {
    this.signals.push(signal);
  }

  signalGroup(signal: string): void {
    this.signals.push(`${signal} group`);
  }

  killGroup(): void {
    this.signals.push("KILL group");
  }

  ping(): boolean {
    this.told.push("ping");
    return true;
  }

  drain(): boolean {
    this.told.push("drain");
    return true;
  }

  tell(frame: string): boolean {
    this.told.push(frame.trimEnd());
    return true;
  }

  isHeldUp(): boolean {
    return this.heldUp;
  }

  lastActivityMs(): number {
    return this.lastActivity;
  }

  /** Ends, and all that it said has been heard. */
  end(exit: ExitReason): void {
    this.exit(exit);
    this.hear({ type: "ended" });
  }

  /** Ends; its last frames are still on their way. */
  exit(exit: ExitReason): void {
    this.alive = false;
    this.hear({ type: "exited", exit });
  }

  say(frame: Extract<ChildFact, { type: "frame" }>["frame"]): void {
    this.hear({ type: "frame", frame });
  }
}

export const exited = (code: number): ExitReason => ({ kind: "exited", code });
export const killed: ExitReason = { kind: "signaled", signal: "SIGKILL", number: 9 };

/** The world of a worker, in a test's hands. */
export class FakeHost implements Host {
  readonly clock = new FakeClock();
  readonly children: FakeChild[] = [];
  readonly events: PmEvent[] = [];
  /** To servers that are there already, in the order in which they were made. */
  readonly connections: FakeLane[] = [];
  /** What the next spawns answer instead of a process. */
  spawnFailure: Extract<ExitReason, { kind: "spawn_failed" }> | null = null;
  /** Whether it is known at once that a process runs its program. */
  runsAtOnce = true;
  memory: number | null = null;
  /** Those who listen now: nobody stays for ever. */
  listeners = 0;
  readonly tasks: TaskHost = {
    desk: { pool: (consumer) => ({ problem: "unknown_consumer", message: `no consumer is called "${consumer}"` }) },
    connect: (_address, _spec, owner) => {
      const lane = new FakeLane();
      lane.serve(owner);
      this.connections.push(lane);
      return Object.assign(lane, { close: () => lane.abandon() });
    },
    openIntake: () => ({ stop: async () => {}, depth: () => null }),
  };
  readonly #bus = new EventBus();

  random(): number {
    return 0;
  }

  spawn(request: ChildRequest, hear: (fact: ChildFact) => void): Child | Extract<ExitReason, { kind: "spawn_failed" }> {
    if (this.spawnFailure !== null) return this.spawnFailure;
    const child = new FakeChild(this.children.length + 100, request, hear, this.runsAtOnce);
    this.children.push(child);
    return child;
  }

  memoryBytes(): number | null {
    return this.memory;
  }

  emit(event: PmEvent): void {
    this.events.push(event);
    this.#bus.emit(event);
  }

  readonly listen: Listen = (hear, consumer) => {
    const unlisten = this.#bus.listen(hear, consumer);
    this.listeners += 1;
    return () => {
      unlisten();
      this.listeners -= 1;
    };
  };

  /** The process started last. */
  get child(): FakeChild {
    const last = this.children.at(-1);
    if (last === undefined) throw new Error("no process has been started");
    return last;
  }

  get alive(): FakeChild[] {
    return this.children.filter(({ alive }) => alive);
  }

  /** The events of one type, in order. */
  of<T extends PmEvent["type"]>(type: T): Extract<PmEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<PmEvent, { type: T }> => event.type === type);
  }
}

/** An autoscaler without sources, on a host that is short of nothing. */
export const noScalingPorts: ScalingPorts = { openSources: () => null, shortages: () => [] };

import type { ConsumerSpec } from "../../core/farm/spec.ts";
import type { FastcgiAddress } from "../../core/farm/tasks-spec.ts";
import type { ExitReason } from "../../core/supervision/exit.ts";
import { listenForWorker, pathForWorker, type WorkerSocketPath } from "../../system/listening-socket.ts";
import { SetupRefused } from "../exec-refusal.ts";
import type { Clock } from "../host.ts";
import { createFastcgiLane, type FastcgiLane } from "./fastcgi-lane.ts";
import type { ChildLane, LaneOwner } from "./lane.ts";

/** Stands in the command of a server that is told where to listen, instead of getting a socket as descriptor 0. */
const placeholder = "{socket}";

/** The socket of a FastCGI server that pm starts: one for each process. */
export interface ServerSocket extends WorkerSocketPath {
  /** To become descriptor 0; null for a server that makes the socket by itself. */
  readonly fd: number | null;
  /** The command with the path filled in. */
  readonly command: readonly string[];
}

/** Makes it in this folder, under a name that no other process has. Throws a `SetupRefused` that says why it cannot be. */
export function makeServerSocket(spec: ConsumerSpec, folder: string | null, name: string): ServerSocket {
  if (folder === null)
    throw new SetupRefused(
      "there is no folder for the socket of a FastCGI server; set XDG_RUNTIME_DIR to one that can be written",
    );
  const isTold = spec.command.some((word) => word.includes(placeholder));
  const made = isTold ? pathForWorker(folder, name) : listenForWorker(folder, name);
  if ("problem" in made) throw new SetupRefused(made.problem);
  return {
    path: made.path,
    fd: "fd" in made && typeof made.fd === "number" ? made.fd : null,
    command: spec.command.map((word) => word.replaceAll(placeholder, made.path)),
    close: () => made.close(),
  };
}

/** The tasks of a FastCGI server that pm has started. */
export class FastcgiChildLane implements ChildLane {
  readonly #spec: ConsumerSpec;
  readonly #address: FastcgiAddress;
  readonly #clock: Clock;
  readonly #socket: WorkerSocketPath;
  #lane: FastcgiLane | null = null;

  constructor(spec: ConsumerSpec, socket: WorkerSocketPath, clock: Clock) {
    this.#spec = spec;
    this.#address = { kind: "unix", path: socket.path };
    this.#socket = socket;
    this.#clock = clock;
  }

  serve(owner: LaneOwner): void {
    this.#lane = connectToServer(this.#address, this.#spec, owner, this.#clock);
  }

  send(id: number, payload: string, deadlineMs: number): boolean {
    return this.#lane?.send(id, payload, deadlineMs) ?? false;
  }

  cancel(id: number): void {
    this.#lane?.cancel(id);
  }

  /** A server that waits for its next request on a kept connection, as php-cgi does, hears no signal before that ends. */
  finish(): void {
    this.#lane?.close();
  }

  exited(exit: ExitReason): void {
    this.#lane?.ended(exit.kind === "exited" && exit.code === 0);
    this.#socket.close();
  }

  abandon(): void {
    this.#lane?.close();
  }
}

/** A connection to the FastCGI server behind the tasks of this consumer. */
export function connectToServer(
  address: FastcgiAddress,
  { name, tasks }: ConsumerSpec,
  owner: LaneOwner,
  clock: Clock,
): FastcgiLane {
  const fastcgi = tasks?.fastcgi ?? { address, connections: 1, script: "", params: {} };
  return createFastcgiLane(address, { maxBytes: tasks?.maxBytes ?? 0, fastcgi, consumer: name }, owner, clock);
}

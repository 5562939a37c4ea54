// Worker client of pm: worker protocol version 1, Node 18 and newer and Bun, no dependency. Printed by `pm client node`.
//
//   const pm = new PmClient();
//   pm.ready();
//   while (!pm.shouldStop()) await pm.message("emails", "SendEmail", async () => { …take one and handle it… });
//
// A worker that pm did not start (no PM_IPC_FD): every call does nothing. No call throws. A frame is written whole and
// waits until pm has room for it; once pm is gone, nothing is written any more. One client per process; it does not keep
// the process alive. Pings are answered from the event loop, which is the loop that does the work: a blocked one is silent.
// A worker that is handed tasks needs no more than `serveTasks`, below.

import { fstatSync, writeSync } from "node:fs";
import { Socket } from "node:net";

const maxStarted = 1024;
const maxTextLength = 500; // keeps every frame far below the 64 KiB of the protocol

export class PmClient {
  #fd = -1;
  #unread = "";
  #decoder = new TextDecoder(); // a frame may arrive in pieces that split a character
  #lastId = 0;
  #started = new Map(); // message id => start, in milliseconds of the monotonic clock; oldest first
  #stop = new AbortController();

  /** `shouldStop` as an AbortSignal, for a worker that waits for its queue. */
  stopSignal = this.#stop.signal;

  /** Called with every frame that is not the business of this class. */
  onFrame = () => {};

  constructor() {
    const fd = /^\d+$/.test(process.env.PM_IPC_FD ?? "") ? Number(process.env.PM_IPC_FD) : -1;
    delete process.env.PM_IPC_FD; // the programs a worker starts are not workers
    try {
      if (!fstatSync(fd).isSocket()) return;
    } catch {
      return; // not open
    }
    this.#fd = fd;
    listen(fd, (bytes) => this.#read(bytes), () => this.#managerIsGone());
  }

  /** The worker can take its first message. */
  ready() {
    this.#send({ type: "ready" });
  }

  /** The message at work advances: call it now and then while one takes long. */
  progress() {
    this.#send({ type: "progress" });
  }

  /** For workers that do several things at once: how many are at work, of how many. */
  slots(busy, total) {
    this.#send({ type: "slots", busy, total });
  }

  /** True when the worker should end after the message at work: pm asked it to drain, or is gone. */
  shouldStop() {
    return this.stopSignal.aborted;
  }

  /** Reports the work: received, then handled, or failed with what it threw. Resolves and rejects as the work does. */
  async message(transport, className, work, id = String(++this.#lastId)) {
    this.received(transport, className, id);
    try {
      const result = await work();
      this.handled(transport, className, id);
      return result;
    } catch (error) {
      this.failed(transport, className, error?.constructor?.name || typeof error, id);
      throw error;
    }
  }

  /** The id tells messages apart that are in flight together; the same in all calls about one message. */
  received(transport, className, id) {
    if (this.#started.size >= maxStarted) this.#started.delete(this.#started.keys().next().value);
    this.#started.set(id, performance.now());
    this.#event("received", transport, className, id);
  }

  /** Seconds are measured since `received` where they are not given. */
  handled(transport, className, id, seconds = this.#secondsSinceReceived(id)) {
    this.#event("handled", transport, className, id, seconds);
  }

  /** One attempt failed, whether it will be retried or not. Seconds as in `handled`. */
  failed(transport, className, errorClass, id, seconds = this.#secondsSinceReceived(id)) {
    this.#event("failed", transport, className, id, seconds, errorClass);
  }

  /** The message goes back to its queue: in addition to `failed`, before or after it. */
  retried(transport, className, id) {
    this.#event("retried", transport, className, id);
  }

  #secondsSinceReceived(id) {
    const start = this.#started.get(id);
    this.#started.delete(id);
    return start === undefined ? undefined : (performance.now() - start) / 1000;
  }

  #event(event, transport, className, id, seconds, errorClass) {
    const message = { transport: shorten(transport), class: shorten(className), id: shorten(id) };
    const outcome = { duration_seconds: seconds, error_class: shorten(errorClass) };
    this.#send({ type: "message", event, ...message, ...outcome }); // without what is undefined: JSON leaves it out
  }

  #read(bytes) {
    const lines = (this.#unread + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#unread = lines.pop();
    for (const line of lines) {
      let frame;
      try {
        frame = JSON.parse(line);
      } catch {} // no frame: the next line may be one
      if (frame?.type === "ping") this.#send({ type: "pong" });
      else if (frame?.type === "drain") this.#stop.abort();
      else if (frame?.type !== undefined) this.onFrame(frame);
    }
  }

  #send(frame) {
    this.write(`${JSON.stringify(frame)}\n`);
  }

  /** Sends a frame that is a line already; false where there is no manager. */
  write(line) {
    let bytes = Buffer.from(line);
    while (this.#fd >= 0 && bytes.length > 0) {
      try {
        bytes = bytes.subarray(writeSync(this.#fd, bytes));
      } catch (error) {
        // The descriptor does not block, the frame has to: pm reads on in a moment.
        if (error.code === "EAGAIN") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
        else this.#managerIsGone();
      }
    }
    return this.#fd >= 0;
  }

  #managerIsGone() {
    this.#fd = -1;
    this.#stop.abort();
  }
}

/** The descriptor stays open at its end (allowHalfOpen): its number must not become that of another file. */
function listen(fd, onData, onEnd) {
  if (process.versions.bun) {
    const on = { data: (_, bytes) => onData(bytes), end: onEnd, close: onEnd, error: onEnd, connectError: onEnd };
    Bun.connect({ fd, allowHalfOpen: true, socket: on }).then((socket) => socket.unref(), onEnd);
  } else {
    new Socket({ fd, allowHalfOpen: true }).on("data", onData).on("end", onEnd).on("error", onEnd).unref();
  }
}

function shorten(text) {
  return text === undefined ? undefined : Buffer.from(String(text).slice(0, maxTextLength)).toString(); // half characters become U+FFFD
}

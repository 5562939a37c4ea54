// The stdin and stdout of a task worker.

import { Console } from "node:console";

const maxWaitingLines = 1_000;

/** The lines of stdin. */
class TaskLines {
  #lines = [];
  #at = 0;
  #rest = "";
  #atEnd = false;

  get waiting() {
    return this.#at < this.#lines.length;
  }

  get ended() {
    return this.#atEnd && !this.waiting;
  }

  read(onLines) {
    process.stdin.setEncoding("utf8");
    process.stdin.on("data", (text) => {
      this.#add(text);
      onLines();
    });
    const end = () => {
      if (this.#rest !== "") this.#add("\n");
      this.#atEnd = true;
      onLines();
    };
    process.stdin.on("end", end).on("error", end).on("close", end);
  }

  take() {
    const line = this.#lines[this.#at++];
    if (!this.waiting) {
      this.#lines = [];
      this.#at = 0;
      if (process.stdin.isPaused()) process.stdin.resume();
    }
    return line;
  }

  close() {
    process.stdin.pause();
    process.stdin.unref?.();
  }

  /** Only what is new is searched, and a long line is put together once. */
  #add(text) {
    const end = text.lastIndexOf("\n");
    if (end >= 0) {
      for (const line of (this.#rest + text.slice(0, end)).split("\n")) if (line !== "") this.#lines.push(line);
      this.#rest = "";
    }
    this.#rest += text.slice(end + 1);
    if (this.#lines.length - this.#at > maxWaitingLines) process.stdin.pause();
  }
}

/** The answers, on the real stdout; whatever else writes there writes to stderr from now on. */
class Answers {
  /** Pm reads too slowly: nothing more should be begun until `onRoom` is called. */
  blocked = false;
  /** Nobody reads any more. */
  broken = false;
  #held = "";
  #onRoom;
  #write = process.stdout.write.bind(process.stdout);

  constructor(onRoom) {
    this.#onRoom = onRoom;
    process.stdout.on("error", () => this.#break());
    process.stdout.write = process.stderr.write.bind(process.stderr);
    const printer = new Console(process.stderr); // Bun's own console writes past process.stdout
    for (const name of ["log", "info", "debug", "dir", "table", "group"]) console[name] = printer[name].bind(printer);
    process.on("exit", () => this.flush());
  }

  /** Before the next task is begun: an answer that is kept back would be lost with it, and its task run twice. */
  add(answer) {
    this.#held += answer;
    this.flush();
  }

  flush() {
    if (this.#held === "" || this.blocked || this.broken) return;
    const bytes = Buffer.from(this.#held);
    this.#held = "";
    let written = 0;
    try {
      written = writeSync(1, bytes);
    } catch (error) {
      if (error.code !== "EAGAIN") return this.#break();
    }
    if (written === bytes.length) return;
    this.blocked = true;
    this.#write(bytes.subarray(written), () => {
      this.blocked = false;
      this.flush();
      this.#onRoom();
    });
  }

  #break() {
    this.broken = true;
    this.blocked = false;
    this.#onRoom();
  }
}

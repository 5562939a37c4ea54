import { constants, openSync, writeSync } from "node:fs";

/** The alternate screen, no cursor, no wrapping at the edge; what is pasted is marked. */
const enter = "\u001B[?1049h\u001B[?25l\u001B[?7l\u001B[?2004h\u001B[2J";
/** The alternate screen is left empty: some terminals show its lines later, as history. */
const leave = "\u001B[0m\u001B[?2026l\u001B[?2004l\u001B[?7h\u001B[?25h\u001B[2J\u001B[H\u001B[?1049l";

/** How long leaving waits for a terminal that takes nothing. */
const patienceMs = 500;

/** A full terminal is tried again after so long: nothing tells when it has room. */
const retryMs = 20;

/** The terminal on stdin and stdout, as a full screen. */
export interface Terminal {
  /** Takes the screen and the keys. Doing it again renews what somebody else has changed meanwhile. */
  enter(): void;
  /** Gives both back as they were. Synchronous, never throws, and does nothing the second time. */
  leave(): void;
  size(): { readonly columns: number; readonly rows: number };
  /** Settles when the terminal has taken the text, or has gone. */
  write(text: string): Promise<void>;
  /** Hears what is typed, as text; null once the terminal has gone. */
  onInput(hear: (text: string | null) => void): void;
  onResize(hear: () => void): void;
}

/** Both must be terminals. */
export function openTerminal(): Terminal {
  const { stdin, stdout } = process;
  const fd = openAgain();
  const decoder = new TextDecoder();
  let entered = false;
  const isEntered = (): boolean => entered;
  let hearInput: ((text: string | null) => void) | null = null;
  return {
    enter() {
      entered = true;
      // Bun sets the mode only where it thinks that it is another one.
      stdin.setRawMode(false);
      stdin.setRawMode(true);
      writeNow(fd, enter);
    },
    leave() {
      if (!entered) return;
      entered = false;
      writeNow(fd, leave);
      try {
        stdin.setRawMode(false);
      } catch {
        // The terminal has gone, and its mode with it.
      }
    },
    size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
    async write(text) {
      const bytes = Buffer.from(text);
      // What is not written yet when the screen is given back must not be written to what comes then.
      for (let at = 0; at < bytes.length && isEntered();) {
        const taken = tryWrite(fd, bytes.subarray(at));
        if (taken === null) return hearInput?.(null);
        at += taken;
        if (at < bytes.length) await Bun.sleep(retryMs);
      }
    },
    onInput(hear) {
      hearInput = hear;
      stdin.on("data", (bytes: Buffer) => hear(decoder.decode(bytes, { stream: true })));
      stdin.on("end", () => hear(null));
      stdin.on("error", () => hear(null));
    },
    onResize: (hear) => void stdout.on("resize", hear),
  };
}

/**
 * A description of our own on the terminal, that does not block: the one on stdout is shared with others. It is stdout itself where the terminal
 * is another user's, as after `sudo -u`. Bun's own writers would make either of them block.
 */
function openAgain(): number {
  try {
    return openSync("/proc/self/fd/1", constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK);
  } catch {
    return 1;
  }
}

/** Bytes that the terminal took, 0 while it is full; null when it has gone. */
function tryWrite(fd: number, bytes: Uint8Array): number | null {
  try {
    return writeSync(fd, bytes);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EAGAIN" ? 0 : null;
  }
}

/** Waits a moment itself, for where the event loop does not turn any more. */
function writeNow(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  const deadlineMs = performance.now() + patienceMs;
  for (let at = 0; performance.now() < deadlineMs;) {
    const taken = tryWrite(fd, bytes.subarray(at));
    at += taken ?? bytes.length;
    if (at >= bytes.length) return;
    Bun.sleepSync(5);
  }
}

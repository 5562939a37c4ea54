import { frame } from "./frame.ts";
import type { Terminal } from "./terminal.ts";

/** What a frame shows: as many lines as the screen has rows, none wider than its columns. */
export type Drawing = (size: { readonly columns: number; readonly rows: number }) => readonly string[];

/** Keeps the terminal up to date: one frame at a time, and none before the terminal has taken the last. A slow one gets fewer frames, never old ones. */
export class Screen {
  readonly #terminal: Terminal;
  readonly #draw: Drawing;
  readonly #failed: (error: unknown) => void;
  readonly #frameMs: number;
  /** What the terminal shows; null when that is not known. */
  #shown: readonly string[] | null = null;
  #timer: Timer | null = null;
  #writing = false;
  #stale = false;
  #closed = false;
  #drawnAtMs = Number.NEGATIVE_INFINITY;

  /** `failed` hears of a drawing that threw; `frameMs` is the time between two frames, at least. */
  constructor(terminal: Terminal, draw: Drawing, failed: (error: unknown) => void, frameMs = 100) {
    this.#frameMs = frameMs;
    this.#terminal = terminal;
    this.#draw = draw;
    this.#failed = failed;
  }

  /** There is something new to show. */
  refresh(): void {
    this.#stale = true;
    if (this.#timer !== null || this.#writing || this.#closed) return;
    const waitMs = Math.max(0, this.#drawnAtMs + this.#frameMs - performance.now());
    this.#timer = setTimeout(() => void this.#frame(), waitMs);
  }

  /** Draws all of it, whatever the terminal shows. */
  repaint(): void {
    this.#shown = null;
    this.refresh();
  }

  /** No frame comes after this. */
  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  async #frame(): Promise<void> {
    this.#timer = null;
    this.#stale = false;
    this.#writing = true;
    this.#drawnAtMs = performance.now();
    try {
      const size = this.#terminal.size();
      const before = this.#shown;
      const lines = this.#draw(size);
      this.#shown = lines;
      const text = frame(before, lines, size.columns);
      if (text !== "") await this.#terminal.write(text);
    } catch (error) {
      this.#failed(error);
    }
    this.#writing = false;
    if (this.#stale) this.refresh();
  }
}

import type { Ask } from "./asks.ts";
import { Follower } from "./follower.ts";
import { Keyboard } from "./keyboard.ts";
import type { FarmLink } from "./link.ts";
import { reduce, type TopInput } from "./reduce.ts";
import { render } from "./render.ts";
import { type Drawing, Screen } from "./screen.ts";
import { type Effect, firstState, type TopState } from "./state.ts";
import type { Terminal } from "./terminal.ts";

export interface TopOptions {
  readonly link: FarmLink;
  readonly terminal: Terminal;
  /** Between two statuses. */
  readonly intervalMs: number;
  readonly colour: boolean;
  /** Stops the process as job control does, until it is continued; comes back at once where nobody could continue it. */
  readonly stop: () => void;
}

/** The loop around the reducer: whatever happens goes in, the screen and what is asked of pm come out. The only owner of the state. */
export class Top {
  readonly #options: TopOptions;
  readonly #screen: Screen;
  readonly #follower: Follower;
  readonly #keyboard = new Keyboard((key) => this.#take({ type: "key", key }));
  readonly #ended = Promise.withResolvers<void>();
  #state: TopState = firstState;
  #polling = false;

  constructor(options: TopOptions) {
    this.#options = options;
    this.#screen = new Screen(options.terminal, this.#draw, (error) => this.fail(error));
    this.#follower = new Follower(
      options.link,
      () => this.#screen.refresh(),
      () => void this.#poll(),
    );
  }

  /** Runs until somebody quits or the terminal has gone; rejects for a bug. The terminal is given back in any case. */
  async run(): Promise<void> {
    const { terminal, intervalMs } = this.#options;
    const timer = setInterval(() => void this.#tick(), intervalMs);
    try {
      terminal.enter();
      terminal.onInput((text) => (text === null ? this.quit() : this.#keyboard.type(text)));
      terminal.onResize(() => this.#screen.repaint());
      void this.#tick();
      await this.#ended.promise;
    } finally {
      clearInterval(timer);
      this.#screen.close();
      this.#follower.follow(null);
      terminal.leave();
    }
  }

  /** Ends `run`. */
  quit(): void {
    this.#ended.resolve();
  }

  /** Ends `run` with what went wrong. */
  fail(error: unknown): void {
    this.#ended.reject(error);
  }

  /** Gives the terminal back, stops, and takes it again. */
  suspend(): void {
    this.#options.terminal.leave();
    this.#options.stop();
    setImmediate(() => this.resume());
  }

  /** Takes the terminal, and draws all of it. */
  resume(): void {
    this.#options.terminal.enter();
    this.#screen.repaint();
  }

  #take(input: TopInput): void {
    const { state, effect } = reduce(this.#state, input);
    this.#state = state;
    this.#screen.refresh();
    if (effect !== null) this.#do(effect);
  }

  #do(effect: Effect): void {
    switch (effect.do) {
      case "quit":
        return this.quit();
      case "suspend":
        return this.suspend();
      case "repaint":
        return this.#screen.repaint();
      case "ask":
        void this.#act(effect.ask);
    }
  }

  async #act({ path, body }: Ask): Promise<void> {
    const { ok, message } = await this.#options.link.act(path, body);
    this.#take({ type: "answer", ok, message });
    await this.#poll();
  }

  async #tick(): Promise<void> {
    this.#take({ type: "time", atMs: performance.now() });
    const answered = await this.#poll();
    // Only here, once a tick: a stream that ends as soon as it begins must not become a loop.
    if (answered && this.#follower.revive()) this.#take({ type: "tail_begins" });
  }

  /** Asks for a status, unless an answer is still awaited. True when one came. */
  async #poll(): Promise<boolean> {
    if (this.#polling) return false;
    this.#polling = true;
    const looked = await this.#options.link.status();
    this.#polling = false;
    const atMs = performance.now();
    this.#take({ ...looked, atMs });
    return looked.type === "status";
  }

  /** Lines are taken once a frame, however many there are. */
  readonly #draw: Drawing = (size) => {
    const path = this.#state.tailPath;
    this.#follower.follow(path);
    const lines = this.#follower.take();
    if (path !== null && lines.length > 0) this.#state = reduce(this.#state, { type: "tail", path, lines }).state;
    return render(this.#state, { ...size, colour: this.#options.colour });
  };
}

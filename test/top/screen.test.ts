import { expect, test } from "bun:test";
import { Screen } from "../../src/top/screen.ts";
import type { Terminal } from "../../src/top/terminal.ts";

/** A terminal that takes what is written when it is told to. */
class SlowTerminal implements Terminal {
  readonly written: string[] = [];
  #writing = Promise.withResolvers<void>();
  #taken = Promise.withResolvers<void>();

  async write(text: string): Promise<void> {
    this.written.push(text);
    this.#writing.resolve();
    await this.#taken.promise;
  }

  /** Waits for the next write, which then stays unfinished until `take`. */
  async writing(): Promise<string> {
    await this.#writing.promise;
    this.#writing = Promise.withResolvers<void>();
    return this.written.at(-1) ?? "";
  }

  take(): void {
    this.#taken.resolve();
    this.#taken = Promise.withResolvers<void>();
  }

  readonly size = (): { columns: number; rows: number } => ({ columns: 10, rows: 1 });
  readonly enter = (): void => {};
  readonly leave = (): void => {};
  readonly onInput = (): void => {};
  readonly onResize = (): void => {};
}

test("a slow terminal gets the newest frame when it has taken the last, and none of those between", async () => {
  const terminal = new SlowTerminal();
  let text = "first";
  const screen = new Screen(
    terminal,
    () => [text],
    (error) => expect(error).toBeUndefined(),
    0,
  );
  screen.refresh();
  expect(await terminal.writing()).toContain("first");
  for (text of ["second", "third", "fourth"]) {
    screen.refresh();
    await new Promise((resolve) => setTimeout(resolve, 0)); // a frame would come in this turn
  }
  expect(terminal.written.length).toBe(1);
  terminal.take();
  expect(await terminal.writing()).toContain("fourth");
  expect(terminal.written.length).toBe(2);
});

test("a repaint draws what is there already", async () => {
  const terminal = new SlowTerminal();
  const screen = new Screen(
    terminal,
    () => ["same"],
    (error) => expect(error).toBeUndefined(),
    0,
  );
  screen.refresh();
  const first = await terminal.writing();
  terminal.take();
  screen.repaint();
  expect(await terminal.writing()).toBe(first);
});

test("a drawing that throws is told", async () => {
  const failed = Promise.withResolvers<unknown>();
  const broken = new Error("a bug");
  new Screen(
    new SlowTerminal(),
    () => {
      throw broken;
    },
    failed.resolve,
  ).refresh();
  expect(await failed.promise).toBe(broken);
});

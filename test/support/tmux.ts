import { join } from "node:path";
import { goneFromProcessTable } from "./marked-processes.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A real terminal of 80 by 24 with an interactive shell in it, on a tmux server of its own. `await using` hangs the test when that leaves anything behind. */
export class Tmux implements AsyncDisposable {
  readonly #folder = temporaryFolder();
  readonly folder = this.#folder.path;
  /** Stands in the environment of all that runs in the terminal. */
  readonly mark = `PM_TEST=${crypto.randomUUID()}`;

  constructor(env: Readonly<Record<string, string>> = {}) {
    const mark = this.mark.slice("PM_TEST=".length);
    const given = Object.entries({ ...env, PM_TEST: mark, PS1: "$ ", ENV: "" });
    const flags = given.flatMap(([name, value]) => ["-e", `${name}=${value}`]);
    this.#tmux("-f", "/dev/null", "new-session", "-d", "-s", "t", "-x", "80", "-y", "24", ...flags, "sh -i");
  }

  /** Types a line and Enter. */
  line(text: string): void {
    this.#tmux("send-keys", "-t", "t", "-l", `${text}\r`);
  }

  /** Presses keys by tmux's names for them, such as `j`, `Enter`, `C-z`. */
  press(...keys: readonly string[]): void {
    this.#tmux("send-keys", "-t", "t", ...keys);
  }

  /** Pastes a text, marked as pasted where the program asked for that. */
  paste(text: string): void {
    this.#tmux("set-buffer", text);
    this.#tmux("paste-buffer", "-p", "-t", "t");
  }

  resize(columns: number, rows: number): void {
    this.#tmux("resize-window", "-t", "t", "-x", String(columns), "-y", String(rows));
  }

  /** What the terminal shows now, a line each; with `colours` as escape sequences. */
  screen({ colours = false } = {}): string[] {
    return this.#tmux("capture-pane", "-t", "t", "-p", ...(colours ? ["-e"] : []))
      .split("\n")
      .slice(0, -1);
  }

  /** Looks again and again (tmux tells of no change) until a line holds the text, and gives that screen; the test's own time limit ends it. */
  async shows(text: string): Promise<string[]> {
    for (;;) {
      const screen = this.screen();
      if (screen.some((line) => line.includes(text))) return screen;
      await new Promise(setImmediate);
    }
  }

  /** The terminal's own state: is the cursor shown, are lines wrapped, is this the alternate screen. */
  modes(): string {
    return this.#tmux(
      "display-message",
      "-t",
      "t",
      "-p",
      "cursor #{cursor_flag} wrap #{wrap_flag} alternate #{alternate_on}",
    ).trim();
  }

  /** Closes the terminal while programs run in it. */
  hangUp(): void {
    this.#tmux("kill-session", "-t", "t");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    Bun.spawnSync(["tmux", "-S", this.#socket(), "kill-server"], { stderr: "ignore" });
    await goneFromProcessTable(this.mark);
    this.#folder[Symbol.dispose]();
  }

  #socket(): string {
    return join(this.folder, "tmux");
  }

  #tmux(...words: readonly string[]): string {
    const env = { ...process.env, LC_ALL: "C.UTF-8", TMUX: undefined };
    const { stdout, stderr, exitCode } = Bun.spawnSync(["tmux", "-u", "-S", this.#socket(), ...words], { env });
    if (exitCode !== 0) throw new Error(`tmux ${words[0]}: ${stderr.toString()}`);
    return stdout.toString();
  }
}

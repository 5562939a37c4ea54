import { expect } from "bun:test";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ConsumerStatus, FarmStatus } from "../../src/protocol/control-api.ts";
import { record, satisfies } from "../config/satisfies.ts";
import { Lines, pmBinary, PmProcess, type StartOptions } from "./pm-process.ts";

/** What a command came to; without the last newline. */
export interface Run {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that goes on. */
export interface Following {
  readonly stdout: Lines;
  readonly stderr: Lines;
  /** Ctrl-C. */
  readonly interrupt: () => void;
  readonly exited: Promise<number>;
}

/** A running `pm serve` and the commands of its own binary, over a socket in its folder. */
export class SteeredPm extends PmProcess {
  constructor(yaml: string, { env = {}, ...options }: StartOptions = {}) {
    super(yaml, { ...options, env: { PM_SOCKET: "pm.sock", ...env } });
  }

  get socket(): string {
    return join(this.folder, "pm.sock");
  }

  /** Begins a command, as `restart async --rolling`; words with spaces in them come in `more`. */
  async follow(words: string, ...more: readonly string[]): Promise<Following> {
    await this.record("Control socket listening.");
    const args = [...words.split(" "), ...more, "--socket", this.socket];
    const child = Bun.spawn([pmBinary, ...args], { cwd: "/", stdio: ["ignore", "pipe", "pipe"] });
    return {
      stdout: new Lines(child.stdout),
      stderr: new Lines(child.stderr),
      interrupt: () => child.kill("SIGINT"),
      exited: child.exited,
    };
  }

  /** Runs a command to its end. */
  async run(words: string, ...more: readonly string[]): Promise<Run> {
    const { stdout, stderr, exited } = await this.follow(words, ...more);
    await Promise.all([stdout.ended, stderr.ended]);
    return { exitCode: await exited, stdout: stdout.all.join("\n"), stderr: stderr.all.join("\n") };
  }

  /** What the control socket answers. */
  async ask(path: string): Promise<Response> {
    await this.record("Control socket listening.");
    return fetch(`http://pm${path}`, { unix: this.socket });
  }

  async status(): Promise<FarmStatus> {
    const status: FarmStatus = JSON.parse(await (await this.ask("/v1/status")).text());
    return status;
  }

  async consumer(name: string): Promise<ConsumerStatus> {
    const { consumers } = await this.status();
    const found = consumers.find(({ consumer }) => consumer === name);
    if (found === undefined)
      throw new Error(`no consumer ${name}; there are ${consumers.map((each) => each.consumer).join()}`);
    return found;
  }

  /** Pids of a consumer in the order of its slots; null where no process runs. */
  async pids(consumer: string): Promise<(number | null)[]> {
    return (await this.consumer(consumer)).workers.map(({ pid }) => pid);
  }

  /** Looks at the farm again and again until it is so; the test's own time limit ends it. */
  async seen(consumer: string, isSo: (status: ConsumerStatus) => boolean): Promise<ConsumerStatus> {
    for (;;) {
      const status = await this.consumer(consumer);
      if (isSo(status)) return status;
    }
  }

  /** Looks again and again until no worker is on its way out or up. */
  async settled(): Promise<void> {
    const atRest = new Set(["ready", "stopped", "parked", "finished"]);
    while ((await this.status()).consumers.some(({ workers }) => workers.some(({ state }) => !atRest.has(state))));
  }

  /** Puts another pm.yaml in the place of the one it runs, at once. */
  rewrite(yaml: string): void {
    const file = join(this.folder, "pm.yaml");
    writeFileSync(`${file}.new`, yaml);
    renameSync(`${file}.new`, file);
  }

  /** Whether a document is what its own description says that this route answers. */
  async isAsDescribed(document: unknown, route: string, status = 200): Promise<boolean> {
    const [method = "", path = ""] = route.split(" ");
    const description: unknown = await (await this.ask("/v1/openapi.json")).json();
    const names = ["paths", path, method.toLowerCase(), "responses", String(status), "content"];
    const content = names.reduce<unknown>((inner, name) => record(inner)[name], description);
    const [type] = Object.values(record(content));
    const schema = record(type)["schema"];
    if (schema === undefined) throw new Error(`${route} says nothing of its answer ${status}`);
    return satisfies(document, schema, description);
  }
}

/** A text as it is, or any that matches. */
type Text = string | RegExp;

const matching = (text: Text): string => (typeof text === "string" ? text : expectMatching(text));
const expectMatching = (pattern: RegExp): string => expect.stringMatching(new RegExp(`^(?:${pattern.source})$`, "u"));

/** A command that has done it: exit code 0 and one line on stdout. */
export function did(line: Text): Run {
  return { exitCode: 0, stdout: matching(line), stderr: "" };
}

/** A command that has failed: nothing on stdout, and one line on stderr that says why. */
export function failed(line: Text, exitCode = 1): Run {
  return { exitCode, stdout: "", stderr: matching(line) };
}

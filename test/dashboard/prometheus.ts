import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Lines } from "../support/pm-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** A real Prometheus on loopback that scrapes and evaluates every second. `await using` ends it. */
export class Prometheus implements AsyncDisposable {
  readonly #folder = temporaryFolder();
  readonly #process: Bun.Subprocess<"ignore", "ignore", "pipe">;
  readonly #log: Lines;

  /** Targets are host:port, rules the text of a rule file. */
  constructor(targets: readonly string[], rules: string) {
    const config = join(this.#folder.path, "prometheus.json"); // JSON is YAML
    writeFileSync(join(this.#folder.path, "rules.yaml"), rules);
    writeFileSync(
      config,
      JSON.stringify({
        global: { scrape_interval: "1s", evaluation_interval: "1s" },
        rule_files: ["rules.yaml"],
        scrape_configs: [{ job_name: "pm", static_configs: [{ targets }] }],
      }),
    );
    const data = join(this.#folder.path, "data");
    this.#process = Bun.spawn(
      [
        "prometheus",
        `--config.file=${config}`,
        `--storage.tsdb.path=${data}`,
        "--web.listen-address=127.0.0.1:0",
        "--log.format=json",
      ],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    this.#log = new Lines(this.#process.stderr);
  }

  /** What its HTTP API answers, once it answers at all; fails when it does not like the question. */
  async ask(path: string, parameters: Readonly<Record<string, string>> = {}): Promise<unknown> {
    const line = await this.#log.find((each) => each.includes('"msg":"Listening on"'), "an address");
    const { address }: { address: string } = JSON.parse(line);
    await this.#log.find((each) => each.includes("Server is ready to receive web requests"), "readiness");
    const response = await fetch(`http://${address}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`);
    const body: unknown = await response.json();
    if (typeof body === "object" && body !== null && "data" in body) return body.data;
    throw new Error(`${path} ${JSON.stringify(parameters)}: ${JSON.stringify(body)}`);
  }

  /** The series a query gives now; fails for one that is wrong. */
  async query(expr: string): Promise<readonly unknown[]> {
    const data = await this.ask("query", { query: expr });
    if (typeof data === "object" && data !== null && "result" in data && Array.isArray(data.result)) return data.result;
    throw new Error(`${expr}: ${JSON.stringify(data)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.exited;
    this.#folder[Symbol.dispose]();
  }
}

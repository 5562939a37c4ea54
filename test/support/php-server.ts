import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { linesOf } from "./worker-peer.ts";

/** What the script of a test can be asked: its payload is `{"do": …}`. */
const script = `<?php
$payload = json_decode(file_get_contents("php://input"), true);
$say = fn ($value) => print json_encode(["result" => $value], JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_PRETTY_PRINT);
header("Content-Type: application/json");
switch ($payload["do"]) {
    case "echo": $say($payload["value"]); break;
    case "pid": $say(getmypid()); break;
    case "length": $say(strlen($payload["value"])); break;
    case "repeat": $say(str_repeat("ü", $payload["times"])); break;
    case "param": $say($_SERVER["DATA"]); break;
    case "server": $say($_SERVER[$payload["name"]] ?? null); break;
    case "throw": throw new Exception("boom");
    case "print": ini_set("display_errors", "1"); ini_set("html_errors", "1"); throw new Exception("boom <1>");
    case "undefined": nobody_knows_this();
    case "memory": ini_set("memory_limit", "4M"); str_repeat("x", 10_000_000); break;
    case "status": http_response_code($payload["status"]); break;
    case "error": print json_encode(["error" => $payload["error"]]); break;
    case "warning": error_log("just so you know"); $say(1); break;
    case "exit": exit($payload["code"]);
    case "sleep":
        file_put_contents($payload["began"], getmypid());
        for (;;) sleep(1);
}
`;

/** As in production: errors are logged and not shown. No php.ini of this machine. */
export const phpSettings: readonly string[] = [
  "-n",
  ...["display_errors=0", "log_errors=1", "post_max_size=100M"].flatMap((setting) => ["-d", setting]),
];

/** A folder with the script, and with whatever a PHP server of a test needs. */
export class PhpFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "pm-php-"));
  readonly script = join(this.path, "task.php");

  constructor() {
    writeFileSync(this.script, script);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** A php-fpm of its own for one test, on a Unix socket. */
export class PhpFpm implements AsyncDisposable {
  readonly socket: string;
  readonly #child: Bun.Subprocess<"ignore", "ignore", "pipe">;

  private constructor(folder: string, settings: Readonly<Record<string, string | number>>) {
    this.socket = join(folder, "fpm.sock");
    const conf = join(folder, "fpm.conf");
    const pool = { listen: this.socket, pm: "static", "pm.max_children": 2, ...settings };
    const lines = Object.entries(pool).map(([name, value]) => `${name} = ${value}`);
    const own = process.getuid?.() === 0 ? ["user = root", "group = root"] : [];
    writeFileSync(
      conf,
      ["[global]", `error_log = ${join(folder, "fpm.log")}`, "daemonize = no", "[www]", ...own, ...lines, ""].join(
        "\n",
      ),
    );
    // -R: also for root; -F and -O: in the foreground, with the log on stderr
    this.#child = Bun.spawn([fpmProgram, ...phpSettings, "-R", "-F", "-O", "-y", conf], {
      stdio: ["ignore", "ignore", "pipe"],
    });
  }

  /** Resolves when it is ready. Its log is read to the end: it stands still while nobody does. */
  static start(folder: string, settings: Readonly<Record<string, string | number>> = {}): Promise<PhpFpm> {
    const { promise, resolve, reject } = Promise.withResolvers<PhpFpm>();
    const server = new PhpFpm(folder, settings);
    const log: string[] = [];
    const read = async (): Promise<void> => {
      for await (const line of linesOf(server.#child.stderr.getReader())) {
        log.push(line);
        if (line.includes("ready to handle connections")) resolve(server);
      }
      reject(new Error(`php-fpm did not start:\n${log.join("\n")}`));
    };
    read().catch(reject);
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.exited;
  }
}

/** Debian's name carries the version, and an ordinary user's PATH lacks its folder. */
export const fpmProgram =
  ["php-fpm", "php-fpm8.4", "php-fpm8.3", "php-fpm8.2"]
    .map((name) => Bun.which(name, { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/usr/local/sbin` }))
    .find((path) => path !== null) ?? "php-fpm";

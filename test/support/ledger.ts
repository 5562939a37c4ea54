import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fixture } from "./farm-file.ts";
import { pmBinary } from "./pm-process.ts";

/** A folder with the script `task-ledger.php` and the client it uses, and the ledger in which it notes each of its tasks. */
export class Ledger implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "pm-ledger-"));
  readonly script = join(this.folder, "task-ledger.php");

  constructor() {
    copyFileSync(fixture("task-ledger.php")[1] ?? "", this.script);
    writeFileSync(join(this.folder, "client.php"), Bun.spawnSync([pmBinary, "client", "php"]).stdout);
    writeFileSync(join(this.folder, "ledger"), "");
  }

  /** The tasks that were begun, in that order. */
  tasks(): string[] {
    const lines = readFileSync(join(this.folder, "ledger"), "utf8").split("\n").slice(0, -1);
    return lines.map((line) => String(JSON.parse(line)));
  }

  /** Looks at it again and again until it holds what is wanted; the test's own time limit ends it. */
  async holds(isEnough: (tasks: readonly string[]) => boolean): Promise<void> {
    while (!isEnough(this.tasks())) await new Promise(setImmediate);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

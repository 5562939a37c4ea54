import { expect, test } from "bun:test";
import { join } from "node:path";

const module = (name: string): string => JSON.stringify(join(import.meta.dir, "..", "..", "src", "queues", name));

test("queues and deciders that were asked and closed keep no program from ending", async () => {
  using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => Response.json(3) });
  const program = `
    import { openQueue } from ${module("open-queue.ts")};
    import { openDecider } from ${module("decider.ts")};
    const specs = [
      { kind: "http", url: "http://127.0.0.1:${server.port}", headers: {}, path: [] },
      { kind: "command", command: ["echo", "3"] },
      { kind: "redis", url: "redis://127.0.0.1:1", key: "jobs", shape: "list" },
      { kind: "sql", url: "postgres://u@127.0.0.1:1/d", query: "SELECT 1" },
    ];
    for (const spec of specs) {
      const queue = openQueue(spec, 600_000);
      console.log((await queue.depth()).ok);
      queue.close();
    }
    for (const mode of ["once", "lines"]) {
      const command = ["sh", "-c", "read -r n; echo 3; read -r n; true"];
      const decider = openDecider({ command, mode, timeoutMs: 600_000, cwd: "/", env: process.env });
      console.log((await decider.ask({})).ok);
      decider.close();
    }
  `;
  const child = Bun.spawn([process.execPath, "-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  const said = await child.stdout.text();
  expect([said.split("\n"), await child.exited]).toEqual([["true", "true", "false", "false", "true", "true", ""], 0]);
});

import { readFileSync } from "node:fs";
import { expect, describe, setDefaultTimeout, test } from "bun:test";
import packageJson from "../../package.json";
import type { DemoMessage } from "../../src/demo/load.ts";
import { DemoQueue } from "../../src/demo/queue.ts";
import { serveQueue } from "../../src/demo/queue-server.ts";
import { EmptyRoot, emptyRootRefused, type RootUser } from "../support/empty-root.ts";
import { farmFile } from "../support/farm-file.ts";
import { notPacked } from "../support/packed.ts";
import { pmBinary, PmProcess } from "../support/pm-process.ts";

setDefaultTimeout(60_000);

const reason = notPacked() ?? emptyRootRefused();
if (reason !== null) console.warn(`skipping pm in an empty root: ${reason}`);

/** How many messages wait, as the autoscaler is told. */
function serveWaiting() {
  const told = { waiting: 0 };
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => Response.json(told.waiting) });
  return { told, url: String(server.url), [Symbol.asyncDispose]: () => server.stop(true) };
}

const farm = (queuePort: number, waitingUrl: string): string => {
  const worker = { ready: "protocol", env: { PM_DEMO_QUEUE_PORT: String(queuePort) } };
  const autoscaler = {
    min: 1,
    max: 3,
    smoothing_window_sec: 0.2,
    scale_up_cooldown_sec: 0,
    scale_down_cooldown_sec: 0,
    scale_up_step: 3,
    scale_down_step: 3,
    strategy: { type: "queue", per_worker: 1, timeout: "5s", queues: { http: waitingUrl } },
  };
  return farmFile(
    {
      mails: { ...worker, command: ["/pm", "__demo-worker", "mails"], transports: ["mails"], autoscaler },
      reports: { ...worker, command: ["/pm", "__demo-worker", "--limit=1", "reports"], transports: ["reports"] },
    },
    { autoscaler_interval_sec: 0.1, host_brake: false },
  );
};

const message = (transport: string, fate: DemoMessage["fate"]): DemoMessage => ({
  id: 1,
  transport,
  class: "Work",
  text: "worked",
  seconds: 0,
  fate,
  attempt: 1,
});

describe.skipIf(reason !== null).each<[RootUser, number, boolean]>([
  ["root", 0, true],
  ["nobody", 65_534, false],
])("in an empty, read-only root as %s (uid %d), the one file", (user, uid, privileged) => {
  test.each([
    ["--version", `${packageJson.version}\n`],
    ["--help", expect.stringContaining("serve")],
  ])("answers %s", (argument, answer) => {
    using root = new EmptyRoot({});
    const { stdout, stderr } = Bun.spawnSync([...root.starter(user), pmBinary, argument]);
    expect([stdout.toString(), stderr.toString()]).toEqual([answer, ""]);
  });

  test("says what is missing where /proc is not mounted", () => {
    using root = new EmptyRoot({});
    const starter = root.starter(user).map((word) => word.replace('mount -t proc proc "$0/proc" && ', ""));
    const { exitCode, stderr } = Bun.spawnSync([...starter, pmBinary, "--help"]);
    expect([exitCode, stderr.toString()]).toEqual([126, "pm: cannot start: /proc is not mounted\n"]);
  });

  test("runs a farm of its own workers as PID 1: they work, are restarted and scaled; it answers HTTP and stops with 0", async () => {
    const queue = new DemoQueue();
    const server = serveQueue(queue);
    await using source = serveWaiting();
    using root = new EmptyRoot({ "pm.yaml": farm(server.port, source.url) });
    await using pm = new PmProcess("", { starter: root.starter(user), args: ["serve", "/pm.yaml"], cwd: "/" });
    await pm.until('worker_state{consumer="mails",state="ready"}', (ready) => ready === 1);
    await pm.until('worker_state{consumer="reports",state="ready"}', (ready) => ready === 1);
    const init = await root.init(pm.pid);
    const status = readFileSync(`/proc/${init}/status`, "latin1");
    expect(/^NSpid:.*\t(\d+)$/mu.exec(status)?.[1]).toBe("1");
    expect(/^CapEff:\t0+$/mu.test(status)).toBe(!privileged);
    expect(readFileSync(`/proc/${init}/uid_map`, "latin1").trim().split(/\s+/u)[0]).toBe(String(uid));
    expect((await pm.get("/readyz")).status).toBe(200);
    expect((await pm.get("/livez")).status).toBe(200);

    queue.put(message("mails", "handled"));
    await pm.stdout.find((line) => line.includes("worked in 0 s"));
    await pm.until('messages_processed_total{consumer="mails",transport="mails"}', (count) => count === 1);

    queue.put(message("reports", "handled"));
    await pm.until('worker_starts_total{consumer="reports"}', (starts) => starts === 2);
    queue.put(message("reports", "crash"));
    await pm.record("Worker restarting after unexpected exit.", { consumer: "reports" });
    await pm.until('worker_starts_total{consumer="reports"}', (starts) => starts >= 3);

    source.told.waiting = 3;
    await pm.until('worker_state{consumer="mails",state="ready"}', (ready) => ready === 3);
    source.told.waiting = 0;
    await pm.until('autoscaler_current_workers{consumer="mails"}', (workers) => workers === 1);

    process.kill(init, "SIGTERM");
    expect(await pm.process.exited).toBe(0);
    expect(root.left).toEqual([]);
    server.stop();
  });
});
